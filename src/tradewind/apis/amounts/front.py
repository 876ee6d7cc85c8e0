"""Makes a server of amounts what a process puts on HTTP; imported where one is served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...core.api import ApiGiven, Front
from ...core.http import Response
from .app import AmountsApi, AmountsSettings

SLACK = 1024
"""How much more than the largest body the HTTP server reads: the API itself says what is too large."""


def front(
    given: ApiGiven,
    make: Callable[..., AmountsApi[Any]],
    problem: Callable[[Response], Response],
    most_body: int,
) -> Front:
    known, reach = given.settings, given.reach
    settings = AmountsSettings(
        secret=given.secret("idempotency"),
        currency=known["currency"],
        list_max=known["list_max"],
        rate_limit_per_minute=known["rate_limit"],
        default_customer=known["default_customer"],
        reads_at_once=reach.at_once,
        trusted_proxies=known["trusted_proxies"],
    )
    api = make(
        reach.gateway,
        given.clock,
        settings,
        pages=given.pages,
        observe=given.observe,
        log=given.log,
        tracer=given.tracer,
        late=reach.late,
    )
    return Front(handler=api, body_bytes=most_body + SLACK, problem=problem, drain=api.drain, close=api.close)
