"""Says what a blueprint must know of this API, and how a process serves it."""

from __future__ import annotations

from tradewind.core.api import ApiGiven, ApiManifest, Front


def front(given: ApiGiven) -> Front:
    from .server import NumberedApi

    settings = given.settings
    api = NumberedApi(
        given.reach.gateway,
        given.secret("claims"),
        settings["currency"],
        observe=given.observe,
        log=given.log,
        tracer=given.tracer,
    )
    return Front(handler=api)


APIS = (
    ApiManifest(
        name="numbered",
        transport="http",
        front=front,
        clients=True,
        shows=("orders", "payments", "invoices"),
        over=("services",),
        needs=("orders",),
        promises={"access": "open", "pricing": "client"},
        stands_in=("payment_token",),
        published=f"{__package__}.published",
        channels=f"{__package__}.channels",
    ),
)
