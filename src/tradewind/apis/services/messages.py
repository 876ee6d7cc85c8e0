"""Which messages of the contracts travel on our own wire, to which service, and what answers a query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from ...contracts import inventory, invoices, notifications, orders, payments, users
from ...contracts.api import OPERATIONS
from ...contracts.inventory import FindProducts, Found
from ...contracts.notifications import NotificationsOfOrders, OrderNotification
from ...contracts.users import AdminKnown, Credentials, FindCredentials, FindPrincipal, HasAdmin, Principal
from ...core.bus import ListEvents
from ...core.dead_letters import DiscardDeadLetter, ListDeadLetters, ReplayDeadLetter
from ...core.model import Message, Query, Request, wire_name

CONTRACTS: tuple[ModuleType, ...] = (users, inventory, orders, payments, invoices, notifications)
EVERY_SERVICE: tuple[type[Message], ...] = (ListDeadLetters, ListEvents, ReplayDeadLetter, DiscardDeadLetter)
"""What each service answers for itself."""


def service_of(kind: type[Message]) -> str:
    """The service that takes a message: the first word of its wire name."""
    return wire_name(kind).partition(".")[0]


def messages_of(service: str) -> tuple[type[Message], ...]:
    """The requests and queries of one service."""
    return (*(kind for kind in _declared() if service_of(kind) == service), *EVERY_SERVICE)


def _declared() -> Iterator[type[Message]]:
    for module in CONTRACTS:
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, (Request, Query))
                and value.__module__ == module.__name__
            ):
                yield value


def answers() -> Mapping[type[Query], Any]:
    """The type of every query's answer."""
    own = {operation.asks: operation.gives for operation in OPERATIONS if issubclass(operation.asks, Query)}
    return {
        **own,
        FindCredentials: Credentials | None,
        FindPrincipal: Principal | None,
        FindProducts: Found,
        NotificationsOfOrders: list[OrderNotification],
        HasAdmin: AdminKnown,
    }
