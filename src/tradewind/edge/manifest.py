"""Says what a blueprint must know of the edge, and how a process serves it: its file, the addresses of the
services behind it, its status page.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from ..core.api import ApiGiven, ApiManifest, Front
from ..core.http import Request, Response
from .variables import SETTINGS

FILE = "kong.yml"
LOG = logging.getLogger("tradewind.edge")


def front(given: ApiGiven) -> Front:
    """Errors: BadFile."""
    from ..drivers.http.limits import Limits
    from ..drivers.http.server import HttpServer
    from .check import report
    from .reading import load
    from .server import EdgeServer

    settings = given.settings
    path = declarative(settings["kong_declarative_config"] or given.blueprint, given.packages)
    variables = {f"{service.upper()}_SERVICE_URL": url for service, url in given.addresses.items()}
    declared = load(path, {**variables, **{name: value for name, value in os.environ.items() if value}})
    found = report(declared)
    for line in found.routes:
        LOG.info("%s: route %s: %s -> %s", path.name, line.route, line.takes, line.gives)
    for warning in found.warnings:
        LOG.warning("%s: %s", path.name, warning)
    edge = EdgeServer(declared, given.clock, observe=given.observe, log=given.log, tracer=given.tracer)
    figures = given.pages["/metrics"]

    def pages(request: Request) -> None:
        if request.path == "/status":
            request.respond(Response(200, edge.status()))
        elif request.path == "/metrics":
            request.respond(figures(request))
        else:
            request.respond(Response(404, b'{"message":"there is /status, /metrics"}'))

    beside = HttpServer(pages, Limits())

    async def opened() -> None:
        if settings["kong_status_listen"]:
            host, _, port = settings["kong_status_listen"].rpartition(":")
            await beside.start(host.strip("[]"), int(port))

    async def close() -> None:
        await beside.stop(1.0)

    return Front(server=edge, opened=opened, close=close)


def declarative(named: str, packages: Path) -> Path:
    """The file of this name; a word without a slash or a dot is that of the API package of this name."""
    shipped = packages / named / FILE
    return Path(named) if set("./") & set(named) or not shipped.exists() else shipped


APIS = (ApiManifest(name="edge", transport="http", front=front, clients=True, settings=SETTINGS),)
