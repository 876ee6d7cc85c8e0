"""Knows where each service's schema steps lie, so that `up` and `migrate` bring a store to the same shape."""

from __future__ import annotations

from pathlib import Path

from ..chassis.config import Config
from ..chassis.store import migrations
from ..chassis.store.migrations import Slice
from .assembly import METADATA

SERVICES = Path(__file__).parent.parent / "services"
SLICES = {name: Slice(md, SERVICES / name / "migrations") for name, md in METADATA.items()}


def migrate(config: Config) -> list[str]:
    """Takes the steps that are missing; which ones. Errors: StoreUnusable."""
    return migrations.up(config.database_url, config.data, list(SLICES.values()))
