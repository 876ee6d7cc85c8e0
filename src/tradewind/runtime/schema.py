"""Finds each service's schema steps, so that `up` and `migrate` bring a store to the same schema."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.manifest import Manifest
from ..core.readers import documents
from . import migrations
from .config import Config
from .databases import NONE
from .migrations import ServiceSchema
from .registry import SERVICES, manifest, published
from .stores import by_place
from .topology import Blueprint


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
    return [
        step for place, slices in wanted.items() for step in migrations.up(place, config.data, slices, known)
    ]


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
