"""Offers all that an author of a service needs under one name, so that a service outside the tree knows no
layer of ours.
"""

from __future__ import annotations

from .contracts.operation import Operation, Who
from .contracts.values import Page, Stamp, Uuid, View, stamp
from .core import columns
from .core.manifest import Given, Manifest
from .core.model import (
    Activity,
    Aggregate,
    Attempt,
    Caller,
    CancelTimer,
    Consult,
    Context,
    Effects,
    Event,
    Outcome,
    Query,
    Refused,
    Request,
    Service,
    SetTimer,
    Table,
    Temporary,
    Timer,
    answers,
    numbered,
    on,
    performs,
    settle,
)
from .core.paging import Listing
from .core.schema import metadata, newest_first
from .core.store import Reader

__all__ = [
    "Activity",
    "Aggregate",
    "Attempt",
    "Caller",
    "CancelTimer",
    "Consult",
    "Context",
    "Effects",
    "Event",
    "Given",
    "Listing",
    "Manifest",
    "Operation",
    "Outcome",
    "Page",
    "Query",
    "Reader",
    "Refused",
    "Request",
    "Service",
    "SetTimer",
    "Stamp",
    "Table",
    "Temporary",
    "Timer",
    "Uuid",
    "View",
    "Who",
    "answers",
    "columns",
    "metadata",
    "newest_first",
    "numbered",
    "on",
    "performs",
    "settle",
    "stamp",
]
