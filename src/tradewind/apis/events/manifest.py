"""Says what a blueprint must know of the published system `events`, and how its gateway and the servers of
its services are made.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from ...core.api import ApiGiven, ApiManifest, Front
from .variables import SETTINGS

if TYPE_CHECKING:
    from ..kernel.served import Entry
    from ..kernel.serving import Serving

IGNORED = ("NODE_ENV", "SERVICE_NAME", "LOG_FORMAT", "LOG_TO_FILE", "DOCKER_ENV")
READY = "/health/ready"
LARGEST = 64 * 1024 * 1024
"""Bytes of an answer: a list has no pages."""
PAYMENT_URL = "payment_service_url"
URLS = {"users": "user_service_url", "orders": "order_service_url", "payments": PAYMENT_URL}


def gateway(given: ApiGiven) -> Front:
    from ...core.rate_limiter import Limit
    from ..kernel.passwords import Passwords
    from ..kernel.resilience.http_service import HttpService
    from ..nest.http import of_problem
    from .app import EventsApi
    from .described import pages
    from .figures import Figures
    from .services import MOST_BODY
    from .terminus import Terminus
    from .tokens import Tokens

    known, reach = given.settings, given.reach
    headers = {"x-api-key": known["api_key"][0]} if known["api_key"] else {}
    services = {
        name: HttpService(name, to.url, to.client, given.clock, live=READY, headers=headers, largest=LARGEST)
        for name, to in reach.http.items()
    }
    needed = [services[name] for name in ("users", "orders")] if reach.remote else []

    def lacks() -> list[str]:
        return [*reach.lacks(), *(why for service in needed for why in service.missing())]

    figures = Figures(given.observe)
    asked = given.policies.access == "jwt"
    secret = known["jwt_secret"].encode() if known["jwt_secret"] else given.secret("access tokens")
    api = EventsApi(
        services,
        given.clock,
        Tokens(secret, known["jwt_expiration"], given.clock),
        Passwords(given.clock),
        asked=asked,
        health=Terminus(lacks, reach.late),
        pages={**pages(), **figures.pages(given.pages)},
        figures=figures,
        limiter=given.limiter(Limit(known["rate_limit"])),
        observe=figures.observe,
        observe_call=given.observe_call,
        log=given.log,
        tracer=given.tracer,
        proxies=known["trusted_proxies"],
    )

    return Front(
        handler=api,
        body_bytes=MOST_BODY + 1024,
        problem=of_problem,
        drain=api.drain,
        close=api.close,
        levels=api.levels,
        missing=api.health.missing,
    )


def users(given: ApiGiven) -> Front:
    from ..kernel.passwords import Passwords
    from .services import Users

    passwords = Passwords(given.clock)
    return _service(given, lambda on: Users(on, passwords, given.settings["list_max"]).routes())


def orders(given: ApiGiven) -> Front:
    from .services import Orders

    known = given.settings
    return _service(given, lambda on: Orders(on, known["currency"], known["list_max"]).routes())


def payments(given: ApiGiven) -> Front:
    from .services import Payments

    return _service(given, lambda on: Payments(on, given.settings["list_max"]).routes())


def _service(given: ApiGiven, routes: Any) -> Front:
    from msgspec.structs import replace

    from ...core.rate_limiter import Limit
    from ..kernel.served import ServedApi, ServedSettings, common, front
    from ..nest.http import of_problem
    from .figures import Figures
    from .service_context import ApiKeys, ServiceContext
    from .services import MOST_BODY
    from .terminus import ServiceTerminus

    keys, figures = ApiKeys(given.settings["api_key"]), Figures(given.observe)
    health = partial(ServiceTerminus, waiting=given.reach.waiting)

    def guarded(serving: Serving) -> Iterator[Entry]:
        for method, path, route in figures.watched(routes(serving)):
            yield method, path, keys.guard(route)

    def make(gateway: Any, clock: Any, settings: Any, **more: Any) -> ServedApi[ServiceContext]:
        return ServedApi(ServiceContext, gateway, clock, settings, guarded, loose=True, health=health, **more)

    given = replace(given, observe=figures.observe, pages=figures.pages(given.pages))
    settings = ServedSettings(**{**common(given), "limit": Limit(0)})
    return front(given, make, settings, of_problem, MOST_BODY)


def _of(service: str, make: Any, **more: Any) -> ApiManifest:
    return ApiManifest(
        name=f"events-{service}",
        transport="http",
        front=make,
        shows=(service,),
        over=("services",),
        needs=(service,),
        channels=f"{__package__}.channels",
        adopts=f"{__package__}.adopting",
        published=f"{__package__}.published",
        ignores=IGNORED,
        asked_at=URLS[service],
        **more,
    )


APIS = (
    ApiManifest(
        name="events",
        transport="http",
        front=gateway,
        clients=True,
        shows=tuple(URLS),
        over=tuple([f"events-{service}" for service in URLS]),
        needs=("users", "orders"),
        channels=f"{__package__}.channels",
        settings=SETTINGS,
        uses=("services over HTTP", "redis"),
        ignores=IGNORED,
        stands_in=("payment_token",),
        promises={"pricing": "client", "products": "any", "customers": "any"},
        base="/api",
        docs="/api/docs",
        example="/api/orders",
    ),
    _of("users", users, accepts=True),
    _of("orders", orders, accepts=True, promises={"pricing": "client", "products": "any"}),
    _of("payments", payments),
)
