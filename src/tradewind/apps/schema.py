"""Knows where each service's schema steps lie, so that `up` and `migrate` bring a store to the same shape."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..chassis.config import Config
from ..chassis.store import migrations
from ..chassis.store.migrations import Slice
from .assembly import METADATA, Addition

SERVICES = Path(__file__).parent.parent / "services"
SLICES = {name: Slice(md, SERVICES / name / "migrations") for name, md in METADATA.items()}


def migrate(config: Config, additions: Iterable[Addition] = ()) -> list[str]:
    """Takes the steps that are missing; which ones. Errors: StoreUnusable."""
    return migrations.up(config.database_url, config.data, [*SLICES.values(), *(addition.corner for addition in additions)])
