"""Finds each service's schema steps, so that `up` and `migrate` bring a store to the same schema."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.manifest import Manifest
from . import migrations
from .blueprint import Blueprint
from .config import Config
from .databases import NONE
from .migrations import ServiceSchema
from .registry import SERVICES, manifest, published


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
    config: Config, additions: Iterable[Manifest] = (), blueprint: Blueprint | None = None
) -> list[str]:
    """Takes the steps that are missing, of the services that a blueprint runs (without one, of all); which
    ones. Errors: StoreUnusable.
    """
    slices = [*schemas(runs(blueprint), blueprint.apis if blueprint else ()), *map(schema_of, additions)]
    return migrations.up(config.database_url, config.data, slices, blueprint.schemas if blueprint else NONE)


def schema_state(config: Config, blueprint: Blueprint, services: Iterable[str]) -> str:
    """Why a process of these services cannot start on this database, and the way out, in one line; empty when
    it can.

    Errors: StoreUnusable, when the database cannot be asked.
    """
    return migrations.schema_state(
        config.database_url,
        schemas(services),
        blueprint.schemas,
        data=config.data,
        command=f"tradewind migrate run --blueprint {blueprint.name}",
    )


def runs(blueprint: Blueprint | None) -> list[str]:
    """The services of a blueprint, in the order of ours."""
    named = (
        SERVICES
        if blueprint is None
        else [service for process in blueprint.processes for service in process.services]
    )
    return [name for name in SERVICES if name in named]
