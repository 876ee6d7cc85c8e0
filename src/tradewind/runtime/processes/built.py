"""Builds the components of one process from a blueprint and runs them: the one main of every process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ...apis.kernel.health import Health, OpsPages
from ...core.api import Reach
from ...core.manifest import Manifest
from ...drivers.http.limits import Limits
from ...drivers.http.server import HttpServer
from ..config import Config
from ..registry import APIS
from ..topology import Blueprint, Process
from . import runner
from .component import Clients, Component, FrontServer, OpsServer, Settled, Shared, Traces, near, watch_links
from .context import Context
from .elsewhere import reached
from .fronts import RpcServed, front_server

if TYPE_CHECKING:
    from ...core.bus import Connection
    from ...observability.access import AccessLog
    from ..data_lock import DataLock
    from ..first_admin import Login
    from .service import MakingAdmin, Services

CONNECT_S = 10.0


class BuiltProcess:
    """`run` until SIGTERM: not ready, takes no more, finishes what is here, closes. `name`: of this copy."""

    def __init__(
        self,
        config: Config,
        blueprint: Blueprint,
        process: Process,
        name: str = "",
        *,
        additions: Sequence[Manifest] = (),
        log: AccessLog | None = None,
    ) -> None:
        """Errors: StoreUnusable; ValueError."""
        self._context = context = Context(
            config, blueprint, process, name or process.name, additions=additions, log=log
        )
        self._lock: DataLock | None = None if context.apart else _data(context)
        self._admin: MakingAdmin | None = None
        self._services: Services | None = None
        self._fronts: list[FrontServer] = []
        self._health = Health(self.missing, self.late)
        self._ops: OpsServer | None = None
        self.components: list[Component] = []
        try:
            self.components = [
                Traces(context.tracing, context.metrics),
                Clients(context.client, context.rpc_clients),
                *([] if context.redis is None else [Shared(context.redis)]),
                *self._build(),
            ]
        except BaseException:
            self._release()
            raise
        self._watch()

    def _build(self) -> list[Component]:
        context = self._context
        config, process = context.config, context.process
        made: list[Component] = []
        last: list[Component] = []
        webhooks = self._webhooks()
        if process.services:
            from .service import Counting, MakingAdmin, Services, Takers

            self._services = services = Services(context, webhooks)
            takers = Takers(context, services)
            asking = [] if services.consulted is None else [services.consulted]
            made += [services, *asking, takers]
            admins = [APIS[api].admin for api in sorted(context.blueprint.apis)]
            for admin in admins:
                if admin is not None and admin.service in process.services:
                    self._admin = MakingAdmin(context, services.platform, admin)
                    made.append(self._admin)
            last.append(Counting(services, takers))
        platform, beside = None if self._services is None else self._services.platform, tuple(made)
        for api, at in process.apis.items():
            if APIS[api].front is not None:
                found = reached(context, APIS[api], platform)
                made += found.needs
                reach = _with(beside, found.needs, found.reach) if beside else found.reach
                reach = replace(reach, waiting=self.waiting)
                self._fronts.append(front_server(context, APIS[api], at, reach, webhooks))
        made += self._fronts
        for api, at in process.apis.items():
            if APIS[api].methods is not None:
                found = reached(context, APIS[api], platform)
                made += [*found.needs, RpcServed(context, APIS[api], at, found.reach)]
        if context.apart:
            pages = OpsPages(self._health, context.metrics.render)
            self._ops = OpsServer(HttpServer(pages, Limits()), config.host, config.ops_port)
            made.insert(1 if process.services else 0, self._ops)
            last.append(Settled(self.missing, self.late))
        return [*made, *last]

    def _webhooks(self) -> Callable[[], tuple[str, int] | None] | None:
        """Where they are taken: by this process, or by the one that people know."""
        context = self._context
        if any(APIS[api].webhooks for api in context.process.apis):
            return self._place
        if any(APIS[api].webhooks for api in context.blueprint.apis):
            return lambda: (near(context.config.host), context.config.port)
        return None

    def _watch(self) -> None:
        context = self._context
        links: dict[str, Connection] = {}
        for component in self.components:
            component.watch(context.metrics)
            links |= component.links()
        if links:
            watch_links(context.metrics, links)
        if self._fronts:
            context.metrics.watch("connections", self._connections)
        context.metrics.watch("log_lines_dropped", lambda: context.log.dropped)

    def _connections(self) -> float:
        return sum([front.server.connections for front in self._fronts])

    def _place(self) -> tuple[str, int] | None:
        return self._fronts[0].place if self._fronts else None

    @property
    def login(self) -> Login | None:
        """Of the first admin, if it was made now."""
        return None if self._admin is None else self._admin.login

    def missing(self) -> list[str]:
        """What is missing for readiness."""
        return list(dict.fromkeys(why for component in self.components for why in component.missing()))

    def waiting(self) -> int:
        return sum([component.waiting() for component in self.components])

    def late(self) -> list[str]:
        return list(dict.fromkeys(why for component in self.components for why in component.late()))

    async def run(self, started: Callable[[str], None]) -> None:
        """Errors: StoreUnusable, BrokerUnusable, PortInUse: one line each."""
        ended = None if self._services is None else self._services.platform.ended
        await runner.run(self, started, ended)

    async def start(self) -> str:
        for component in self.components:
            await component.start(CONNECT_S)
        place = self._place()
        if place is None and self._ops is not None:
            place = (self._context.config.host, self._ops.server.port)
        assert place is not None
        url = f"http://{place[0]}:{place[1]}"
        if self._lock is not None:
            self._lock.tell(url)
        return url

    async def stop(self) -> None:
        self._health.closing = True
        for component in reversed(self.components):
            await component.drain()
        for component in reversed(self.components):
            await component.stop()
        self._context.log.flush()
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()


def _with(beside: Sequence[Component], needs: Sequence[Component], reach: Reach) -> Reach:
    """What an API tells of the services beside it is what the process tells of them."""
    parts = (*beside, *needs)
    return replace(
        reach,
        lacks=lambda: [why for part in parts for why in part.missing()],
        late=lambda: [why for part in parts for why in part.late()],
    )


def _data(context: Context) -> DataLock:
    """The data folder for this process alone, with the schema that its services need."""
    from ..data_lock import DataLock, remember
    from ..schema import migrate

    lock = DataLock(context.config.data)
    lock.acquire()
    try:
        remember(context.config.data, context.blueprint.source)
        migrate(context.config, context.additions, context.blueprint)
    except BaseException:
        lock.release()
        raise
    return lock
