"""Says what a blueprint must know of the published system of a GraphQL gateway, and how its servers are
made and asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...core.api import ApiGiven, ApiManifest, Around, Front
from .variables import GATEWAY

if TYPE_CHECKING:
    from ...core.gateway import Gateway, Reply

IGNORED = ("NODE_ENV",)
LARGEST = 4 << 20
"""Bytes of an answer: 10,000 orders, the most of a list that has no pages."""
WIRES = ("graphql-orders", "graphql-users", "graphql-notifications")


def gateway(given: ApiGiven) -> Front:
    from functools import partial

    from ...core.rate_limiter import Limit
    from ..kernel import served
    from .app import GraphqlApi, GraphqlSettings, problem
    from .requests import MOST_BODY

    known = given.settings
    settings = GraphqlSettings(
        **served.common(given),
        limit=Limit(known["rate_limit"], window=True, key="rl:"),
        currency=known["currency"],
        introspection=known["graphql_introspection"] == "true",
    )
    make = partial(GraphqlApi, cache=given.cache)
    return served.front(given, make, settings, problem, MOST_BODY, streams=lambda _: False)


def orders(given: ApiGiven) -> Front:
    from ..kernel import served
    from ..nest.http import of_problem
    from .rest import MOST_BODY, RestSettings, orders_api

    settings = RestSettings(**served.common(given), currency=given.settings["currency"])
    return served.front(given, orders_api, settings, of_problem, MOST_BODY)


def users(given: ApiGiven) -> Front:
    from functools import partial

    from ..kernel import served
    from ..nest.http import of_problem
    from .rest import MOST_BODY, RestSettings, users_api

    make = partial(users_api, cache=given.cache)
    settings = RestSettings(**served.common(given))
    seeds = partial(_seed, given.reach.gateway)
    return served.front(given, make, settings, of_problem, MOST_BODY, opened=seeds)


async def _seed(to: Gateway) -> None:
    """Adds the published users, where they are not there yet."""
    import asyncio

    from ...contracts.users import AddUser
    from ...core.model import NOBODY
    from .shapes import SEED

    loop = asyncio.get_running_loop()
    for number, name, email in SEED:
        came: asyncio.Future[Reply] = loop.create_future()
        user = AddUser(email, name, "", user_id=str(number))
        to.submit(user, NOBODY, came.set_result)
        await came


def asked_orders(around: Around) -> Gateway:
    from .clients import OrdersGateway

    service = _service("orders", around.settings["order_service_url"], around)
    return OrdersGateway(service, around.settings["currency"])


def asked_users(around: Around) -> Gateway:
    from .clients import UsersGateway

    return UsersGateway(_service("users", around.settings["user_service_url"], around))


def _service(name: str, url: str, around: Around) -> Any:
    from ..kernel.resilience.http_service import HttpService

    return HttpService(name, url, around.client(), around.clock, largest=LARGEST)


APIS = (
    ApiManifest(
        name="graphql",
        transport="http",
        front=gateway,
        clients=True,
        shows=("users", "orders", "notifications"),
        over=WIRES,
        needs=("users", "orders"),
        promises={"access": "open", "pricing": "client", "products": "any", "customers": "any"},
        settings=GATEWAY,
        ignores=IGNORED,
        docs="/graphql",
        example="/health/ready",
        uses=("cache",),
    ),
    ApiManifest(
        name="graphql-orders",
        transport="http",
        front=orders,
        asked=asked_orders,
        shows=("orders",),
        uses=("services over HTTP",),
        published=f"{__package__}.published",
        adopts=f"{__package__}.adopting",
    ),
    ApiManifest(
        name="graphql-users",
        transport="http",
        front=users,
        asked=asked_users,
        shows=("users",),
        uses=("cache", "services over HTTP"),
    ),
)
