"""Finds each service's schema steps, so that `up` and `migrate` bring a store to the same schema."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..core.clock import SystemClock
from ..core.manifest import Manifest
from ..core.readers import documents
from . import migrations
from .config import Config
from .databases import NONE, Database, database
from .migrations import ServiceSchema
from .registry import SERVICES, manifest, published
from .stores import by_place
from .topology import Blueprint

if TYPE_CHECKING:
    import sqlalchemy as sa

    from ..core.published import FirstRow


def schema(name: str) -> ServiceSchema:
    return schema_of(manifest(name))


def schemas(names: Iterable[str] = SERVICES, apis: Iterable[str] = ()) -> list[ServiceSchema]:
    """Of these services, with what these APIs publish of them."""
    tables = published(apis)
    return [
        ServiceSchema(one.md, one.folder, tuple([table for table in tables if table.service == one.name]))
        for one in map(schema, names)
    ]


def schema_of(service: Manifest) -> ServiceSchema:
    return ServiceSchema(service.tables, service.steps)


def migrate(
    config: Config,
    additions: Iterable[Manifest] = (),
    blueprint: Blueprint | None = None,
    services: Iterable[str] | None = None,
) -> list[str]:
    """Takes the steps that are missing, of the services that a blueprint runs (without one, of all) or of
    these alone; which ones. Errors: StoreUnusable.
    """
    more = [schema_of(one) for one in additions]
    apis = blueprint.apis if blueprint else ()
    places = by_place(config, blueprint, runs(blueprint) if services is None else services)
    wanted = {place: schemas(names, apis) for place, names in places.items() if not documents(place)}
    if more:
        wanted.setdefault(config.database_url, []).extend(more)
    known = NONE if blueprint is None else blueprint.schemas
    taken = [
        step for place, slices in wanted.items() for step in migrations.up(place, config.data, slices, known)
    ]
    for place, slices in wanted.items():
        first = [table.first for one in slices for table in one.publishes if table.first is not None]
        if first:
            _make_rows(database(place, config.data, known), first, config)
    return taken


def _make_rows(place: Database, first: Sequence[FirstRow], config: Config) -> None:
    """Those that are missing. Errors: StoreUnusable."""
    import sqlalchemy as sa  # a start without them is as small as before

    def make(connection: sa.Connection) -> None:
        with connection.begin():
            place.alone(connection)
            for one in first:
                values = one.values(config.known, SystemClock().now())
                table, (key, *_) = place.sql.name(one.table), values
                found = connection.execute(
                    sa.text(f"SELECT 1 FROM {table} WHERE {key} = :{key}"), {key: values[key]}
                )
                if found.first() is None:
                    names = ", ".join(values)
                    given = ", ".join(f":{name}" for name in values)
                    connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({given})"), values)

    place.work(make)


def schema_state(config: Config, blueprint: Blueprint, services: Iterable[str]) -> str:
    """Why a process of these services cannot start on this database, and the way out, in one line; empty when
    it can.

    Errors: StoreUnusable, when the database cannot be asked.
    """
    found = [
        migrations.schema_state(
            place,
            schemas(names),
            blueprint.schemas,
            data=config.data,
            command=f"tradewind migrate run --blueprint {blueprint.name}",
        )
        for place, names in by_place(config, blueprint, services).items()
        if not documents(place)  # it has no schema
    ]
    return next(filter(None, found), "")


def runs(blueprint: Blueprint | None) -> list[str]:
    """The services of a blueprint, in the order of ours."""
    named = (
        SERVICES
        if blueprint is None
        else [service for process in blueprint.processes for service in process.services]
    )
    return [name for name in SERVICES if name in named]
