"""Says what a blueprint that serves API v1 must have, and how a process serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.api import ApiGiven, ApiManifest, Around, FirstAdmin, Front
from .variables import SETTINGS

if TYPE_CHECKING:
    from ..kernel.passwords import Passwords


def front(given: ApiGiven) -> Front:
    from ...contracts.api import OPERATIONS
    from .app import V1Api
    from .docs import v1_pages
    from .settings import V1Settings

    known, reach = given.settings, given.reach
    settings = V1Settings(
        jwt_secret=given.key(),
        rate_limit_per_minute=known["rate_limit"],
        webhook_secrets=(given.secret("webhooks"),),
        cors_origins=known["cors_origins"],
        trusted_proxies=known["trusted_proxies"],
        reads_at_once=reach.at_once,
    )
    api = V1Api(
        reach.gateway,
        given.clock,
        settings,
        pages={**v1_pages(), **given.pages},
        observe=given.observe,
        log=given.log,
        tracer=given.tracer,
        late=reach.late,
        limiter=given.limiter,
        operations=(*OPERATIONS, *given.operations),
    )
    return Front(handler=api, drain=api.drain, close=api.close)


def hasher(around: Around) -> Passwords:
    from ..kernel.passwords import Passwords
    from .settings import V1Settings

    return Passwords(around.clock, V1Settings(jwt_secret=around.key()).cost)


APIS = (
    ApiManifest(
        name="v1",
        transport="http",
        front=front,
        uses=("redis",),
        clients=True,
        shows=("users", "inventory", "orders", "payments", "invoices", "notifications"),
        over=("services",),
        needs=("users", "inventory", "orders"),
        watches=("order.*", "payment.refunded"),
        settings=SETTINGS,
        webhooks=True,
        admin=FirstAdmin("users", hasher),
        base="/api/v1",
        docs="/docs",
        example="/api/v1/products",
        try_it="tradewind first-order{data}",
        beside=("provider",),  # its webhooks come here, so it cannot be a part of payments
        promises={
            "access": "jwt",
            "pricing": "catalogue",
            "products": "must-exist",
            "customers": "must-exist",
        },
    ),
)
