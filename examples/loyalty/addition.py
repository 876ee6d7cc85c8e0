"""Says what a process needs to run loyalty beside the shop's own services."""

from __future__ import annotations

from pathlib import Path

from tradewind.service import Manifest

from .contracts import OPERATIONS
from .service import SERVICE
from .storage import MD

LOYALTY = Manifest(
    name="loyalty",
    make=lambda given: SERVICE,
    tables=MD,
    steps=Path(__file__).with_name("migrations"),
    operations=OPERATIONS,
)
