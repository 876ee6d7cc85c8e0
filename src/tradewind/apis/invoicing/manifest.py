"""Says what a blueprint must know of the published system `invoicing`, and how its two servers are made."""

from __future__ import annotations

from ...core.api import ApiGiven, ApiManifest, Front

IGNORED = ("NODE_ENV", "FRONT_HOST", "OTEL_NODE_ENABLED_INSTRUMENTATIONS")


def orders(given: ApiGiven) -> Front:
    from ..amounts.app import front
    from ..nest.http import of_problem
    from .app import MOST_BODY, orders_api

    return front(given, orders_api, of_problem, MOST_BODY)


def invoices(given: ApiGiven) -> Front:
    from ..amounts.app import front
    from ..nest.http import of_problem
    from .app import MOST_BODY, invoices_api

    return front(given, invoices_api, of_problem, MOST_BODY)


APIS = (
    ApiManifest(
        name="invoicing",
        transport="http",
        front=orders,
        clients=True,
        shows=("orders",),
        over=("services",),
        needs=("orders",),
        channels=f"{__package__}.channels",
        published=f"{__package__}.published",
        adopts=f"{__package__}.adopting",
        promises={"access": "open", "pricing": "client", "products": "any"},
        ignores=IGNORED,
        docs="/docs",
        example="/orders",
        uses=("channel orders",),
    ),
    ApiManifest(
        name="invoicing-invoices",
        transport="http",
        front=invoices,
        clients=True,
        shows=("invoices",),
        over=("services",),
        promises={"access": "open", "invoice": "created", "invoice_number": "{number}"},
        ignores=IGNORED,
        docs="/docs",
        example="/invoices",
    ),
)
