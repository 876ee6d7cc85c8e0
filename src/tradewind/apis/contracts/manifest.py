"""Says what a blueprint must know of the published system `contracts`, and how its two servers are made."""

from __future__ import annotations

from ...core.api import ApiGiven, Front
from ..amounts.manifest import both
from .variables import SETTINGS

IGNORED = ("NODE_ENV", "OTEL_NODE_RESOURCE_DETECTORS", "OTEL_NODE_INSTRUMENTATIONS")


def orders(given: ApiGiven) -> Front:
    from ..amounts.app import front
    from ..fastify.http import MOST_BODY, of_problem
    from .app import orders_api

    return front(given, orders_api, of_problem, MOST_BODY)


def invoices(given: ApiGiven) -> Front:
    from ..amounts.app import front
    from ..fastify.http import MOST_BODY, of_problem
    from .app import invoices_api

    return front(given, invoices_api, of_problem, MOST_BODY)


APIS = both("contracts", __package__, orders, invoices, ignores=IGNORED, settings=SETTINGS)
