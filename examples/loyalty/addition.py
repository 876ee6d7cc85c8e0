"""Says what a process needs to run loyalty beside the shop's own services."""

from __future__ import annotations

from pathlib import Path

from tradewind.runtime.assembly import GuestService
from tradewind.runtime.migrations import ServiceSchema

from .contracts import OPERATIONS
from .service import SERVICE
from .storage import MD

LOYALTY = GuestService(SERVICE, ServiceSchema(MD, Path(__file__).with_name("migrations")), OPERATIONS)
