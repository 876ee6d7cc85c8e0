"""Says what a blueprint must know of the published system `invoicing`, and how its two servers are made."""

from __future__ import annotations

from ...core.api import ApiGiven, Front
from ..amounts.manifest import both

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


APIS = both("invoicing", __package__, orders, invoices, ignores=IGNORED)
