"""Puts the routes of a published system of amounts on the kernel: what its servers have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ...core.api import ApiGiven, Front
from ...core.clock import Clock
from ...core.gateway import Gateway
from ...core.http import Response
from ...core.rate_limiter import Limit
from ..kernel import served
from ..kernel.request_context import RequestContext
from ..kernel.served import Entry, ServedApi, ServedSettings
from .operations import Amounts

__all__ = ["AmountsApi", "AmountsSettings", "Entry", "front"]

C = TypeVar("C", bound=RequestContext)


class AmountsSettings(ServedSettings, frozen=True, kw_only=True):
    """`default_customer`: whose an order is that names nobody."""

    currency: str = "EUR"
    default_customer: str = ""


class AmountsApi(ServedApi[C]):
    """`routes` makes those of the API from what they all need."""

    def __init__(
        self,
        kind: type[C],
        gateway: Gateway,
        clock: Clock,
        settings: AmountsSettings,
        routes: Callable[[Amounts], Iterable[Entry]],
        **more: Any,
    ) -> None:
        super().__init__(
            kind,
            gateway,
            clock,
            settings,
            lambda serving: routes(Amounts(serving, settings.currency, settings.list_max)),
            **more,
        )


def front(
    given: ApiGiven,
    make: Callable[..., AmountsApi[Any]],
    problem: Callable[[Response], Response],
    most_body: int,
) -> Front:
    """What a process puts on HTTP."""
    known = given.settings
    settings = AmountsSettings(
        **served.common(given),
        limit=Limit(known["rate_limit"]),
        currency=known["currency"],
        default_customer=known["default_customer"],
    )
    return served.front(given, make, settings, problem, most_body)
