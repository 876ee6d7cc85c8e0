"""Says what a process needs to run loyalty beside the shop's own services."""

from __future__ import annotations

from pathlib import Path

from tradewind.drivers.migrations import Slice
from tradewind.runtime.assembly import Addition

from .contracts import OPERATIONS
from .service import SERVICE
from .storage import MD

LOYALTY = Addition(SERVICE, Slice(MD, Path(__file__).with_name("migrations")), OPERATIONS)
