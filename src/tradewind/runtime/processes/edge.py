"""Runs the edge as a process of a blueprint: its file, the addresses of the services behind it, its status
page.
"""

from __future__ import annotations

import os
from pathlib import Path

from ... import apis
from ...core.http import Request, Response
from ...drivers.http.limits import Limits
from ...drivers.http.server import HttpServer
from ...edge.check import report
from ...edge.reading import load
from ...edge.server import EdgeServer
from ..blueprint import Blueprint
from .component import LOG, Front
from .context import Context

SHIPPED = Path(apis.__file__).parent
FILE = "kong.yml"


class EdgeFront(Front):
    """With a second port for /status and /metrics where `status` says where."""

    def __init__(self, edge: EdgeServer, host: str, port: int, pages: HttpServer, status: str) -> None:
        super().__init__(edge, host, port)
        self._pages, self._status = pages, status

    async def start(self, deadline_s: float) -> None:
        """Errors: PortInUse."""
        await super().start(deadline_s)
        if self._status:
            host, _, port = self._status.rpartition(":")
            await self._pages.start(host.strip("[]"), int(port))

    async def stop(self) -> None:
        await self._pages.stop(1.0)


def edge_front(context: Context, host: str, port: int) -> EdgeFront:
    """Errors: BadFile."""
    config = context.config
    path = declarative(config.kong_declarative_config or context.blueprint.name)
    declared = load(path, {**addresses(context.blueprint), **_set()})
    found = report(declared)
    for line in found.routes:
        LOG.info("%s: route %s: %s -> %s", path.name, line.route, line.takes, line.gives)
    for warning in found.warnings:
        LOG.warning("%s: %s", path.name, warning)
    edge = EdgeServer(declared, context.clock, observe=context.metrics.request, log=context.log.write)

    def pages(request: Request) -> None:
        if request.path == "/status":
            request.respond(Response(200, edge.status()))
        elif request.path == "/metrics":
            request.respond(context.figures(request))
        else:
            request.respond(Response(404, b'{"message":"there is /status, /metrics"}'))

    return EdgeFront(edge, host, port, HttpServer(pages, Limits()), config.kong_status_listen)


def declarative(named: str) -> Path:
    """The file of this name; a word without a slash or a dot is that of the API package of this name."""
    shipped = SHIPPED / named / FILE
    return Path(named) if set("./") & set(named) or not shipped.exists() else shipped


def addresses(blueprint: Blueprint) -> dict[str, str]:
    """Where the services of a blueprint answer over HTTP, by the variables of the published files."""
    return {
        f"{service.upper()}_SERVICE_URL": f"http://{at.host or '127.0.0.1'}:{at.port}"
        for process in blueprint.processes
        for service in process.services
        for at in process.apis.values()
        if at.scheme == "http" and at.port
    }


def _set() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if value}
