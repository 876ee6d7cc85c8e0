"""Takes a request from a client to a service and the answer back, both as they come: a body is neither kept
nor changed.

An ASGI application, since headers stay a list in their order here; a handler of the port `core.http` has them
by name.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from email.utils import formatdate
from typing import Any, TypeAlias

from ..observability import context
from ..observability.spans import http_answered, http_request
from ..observability.tracing import Span, Tracer
from . import heads, paths
from .declared import Block, Declared
from .exchange import Answer, Exchange, Headers, bare
from .plugins import PLUGINS
from .plugins.base import Around, Plugin
from .plugins.request_size_limiting import TOO_LARGE
from .router import Router, without_port
from .upstream import INVALID, SLOW, Connection, Failed, Pool

Scope: TypeAlias = Any
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
Observe: TypeAlias = Callable[[str, int, float], None]
Log: TypeAlias = Callable[[str, str, str, str, int, float, str, str], None]

NO_ROUTE = "no Route matched with those values"
SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
UNMATCHED = "no-route"
CLIENT_S = 60.0
"""A client that sends nothing of its body for so long."""
LEFT = 499
"""In the log: the client has left before an answer."""
SERVER = (b"server", b"tradewind-edge")


class Gone(Exception):
    """The client has left; there is nobody to answer."""


class Proxy:
    def __init__(
        self,
        declared: Declared,
        around: Around,
        fresh_request_id: Callable[[], str],
        observe: Observe = lambda route, status, seconds: None,
        log: Log | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self.requests = 0
        self._tracer = tracer if tracer is not None and tracer.on else None
        self._router = Router(declared.routes)
        self._plans = _Plans(declared, around)
        self._fresh_id, self._observe, self._log = fresh_request_id, observe, log
        self.pool: Pool | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        self.requests += 1
        client = scope["edge"]
        passing = _Passing(client, receive, send, started, http10=scope["edge.http10"])
        exchange, answer, plan = self._begin(scope)
        passing.exchange, passing.plan = exchange, plan
        span = None if self._tracer is None else _followed(self._tracer, exchange)
        if answer is None:
            assert self.pool is not None
            answer = await passing.through(self.pool)
        if answer is not None:
            await passing.own(answer)
        seconds = time.perf_counter() - started
        route = UNMATCHED if exchange.route is None else exchange.route.name
        http_answered(span, "" if exchange.route is None else route, passing.status)
        self._observe(route, passing.status, seconds)
        if self._log is not None:
            who = "" if exchange.consumer is None else exchange.consumer.name
            self._log(
                exchange.id,
                "" if span is None else span.trace_id,
                exchange.method,
                route,
                passing.status,
                seconds * 1000,
                who,
                exchange.client,
            )

    def _begin(self, scope: Scope) -> tuple[Exchange, Answer | None, Sequence[_Slot]]:
        """As far as the request goes without the upstream."""
        target, headers, method = scope["edge.target"], scope["headers"], scope["method"]
        path, mark, query = target.partition("?")
        host = scope["edge.host"]
        exchange = Exchange(self._fresh_id(), method, host, path, "", query if mark else None, headers)
        exchange.client, exchange.local = scope["client"][0], scope["server"]
        try:
            exchange.normal = paths.normal(path)
        except paths.BadPath:
            return exchange, bare(400, {"message": "Bad request"}, [(b"connection", b"close")]), ()
        found = self._router.match(method, host.lower(), exchange.normal, headers)
        if found is None:
            return exchange, exchange.refusal(404, NO_ROUTE), ()
        route = exchange.route = found.route
        exchange.service, exchange.taken = route.service, found.taken
        if "http" not in route.protocols:
            return exchange, _needs_tls(exchange, route.redirect_status), ()
        plan = self._plans.of(route.id, route.service.id)
        for slot in plan:
            plugin = slot.pick(exchange)
            if plugin is not None and (answer := plugin.access(exchange)) is not None:
                return exchange, answer, plan
        return exchange, None, plan


def _followed(tracer: Tracer, exchange: Exchange) -> Span | None:
    """The edge's step of the request, which the upstream's is under. A trace that begins here and is not kept
    is kept by nobody behind.
    """
    span = http_request(tracer, exchange.method, dict(exchange.headers))
    if span is not None:
        exchange.added[context.HEADER] = span.traceparent.encode()
    elif context.parse(context.header(exchange.header(context.HEADER))) is None:
        exchange.added[context.HEADER] = context.spell(exchange.id, exchange.id[:16], False).encode()
    return span


def _needs_tls(exchange: Exchange, status: int) -> Answer:
    if status == 426:
        upgrade = [(b"upgrade", b"TLS/1.2, HTTP/1.1"), (b"connection", b"upgrade")]
        return exchange.refusal(426, "Please use HTTPS protocol", upgrade)
    query = "" if exchange.query is None else f"?{exchange.query}"
    place = f"https://{without_port(exchange.host)}{exchange.path}{query}"
    return Answer(status, b"", [(b"location", place.encode("latin-1"))])


class _Slot:
    """The blocks of one plugin that may hold for a route; the most exact one does."""

    def __init__(self, blocks: list[tuple[Block, Plugin]]) -> None:
        self._by_consumer = {block.consumer: plugin for block, plugin in blocks if block.consumer}
        self._for_all = next((plugin for block, plugin in blocks if not block.consumer), None)
        self._ranks = {plugin: _rank(block) for block, plugin in blocks}

    def pick(self, exchange: Exchange) -> Plugin | None:
        if not self._by_consumer or exchange.consumer is None:
            return self._for_all
        own = self._by_consumer.get(exchange.consumer.id)
        if own is None or self._for_all is None:
            return own or self._for_all
        return own if self._ranks[own] > self._ranks[self._for_all] else self._for_all


def _rank(block: Block) -> tuple[int, bool, bool]:
    """More of service, route and consumer go first; then who names the consumer, then who names the route."""
    named = (block.service, block.route, block.consumer)
    return sum([bool(one) for one in named]), bool(block.consumer), bool(block.route)


class _Plans:
    """For each route the plugins in the order in which they run, made at its first request."""

    def __init__(self, declared: Declared, around: Around) -> None:
        self._blocks = [
            (block, PLUGINS[block.plugin](block.config, block, around)) for block in declared.blocks
        ]
        self._order = sorted(PLUGINS, key=lambda name: -PLUGINS[name].priority)
        self._made: dict[str, Sequence[_Slot]] = {}

    def of(self, route: str, service: str) -> Sequence[_Slot]:
        plan = self._made.get(route)
        if plan is None:
            plan = self._made[route] = [
                slot for name in self._order if (slot := self._slot(name, route, service)) is not None
            ]
        return plan

    def _slot(self, name: str, route: str, service: str) -> _Slot | None:
        best: dict[str, tuple[Block, Plugin]] = {}
        for block, plugin in self._blocks:
            if block.plugin != name or block.route not in ("", route) or block.service not in ("", service):
                continue
            if block.consumer not in best or _rank(block) > _rank(best[block.consumer][0]):
                best[block.consumer] = (block, plugin)
        return _Slot(list(best.values())) if best else None


class _Passing:
    """One request between a client and an upstream."""

    exchange: Exchange
    plan: Sequence[_Slot]

    def __init__(self, client: Any, receive: Receive, send: Send, started: float, *, http10: bool) -> None:
        self._http10 = http10
        self._client, self._receive, self._send, self._started = client, receive, send, started
        self.status = 0
        self._asked = 0.0
        self._connection: Connection | None = None
        self._answer: Answer | None = None  # instead of what the upstream says

    async def own(self, answer: Answer) -> None:
        """Sends an answer of the edge's own."""
        headers = answer.headers
        headers[:] = [(b"date", _date()), SERVER, (b"content-length", b"%d" % len(answer.body)), *headers]
        self._finish(headers)
        headers.append((b"x-kong-response-latency", _ms(self._started)))
        self.status = answer.status
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": answer.body})

    def _finish(self, headers: Headers) -> None:
        for slot in self.plan:
            plugin = slot.pick(self.exchange)
            if plugin is not None:
                plugin.answered(self.exchange, headers)
        headers.append((b"x-kong-request-id", self.exchange.id.encode()))

    async def through(self, pool: Pool) -> Answer | None:
        """What the edge has to answer where the upstream does not."""
        exchange = self.exchange
        service = exchange.service
        assert service is not None
        try:
            length = exchange.header(b"content-length")
            chunked = exchange.header(b"transfer-encoding") is not None
            first, more = b"", False
            if chunked or (length is not None and length != b"0"):
                first, more = await self._next()
                self._count(len(first))
            if chunked and not more:  # it is here as a whole
                length, chunked = b"%d" % len(first), False
            framing = (
                b"transfer-encoding: chunked\r\n"
                if chunked
                else b""
                if length is None
                else b"content-length: %b\r\n" % length
            )
            head = heads.request_head(exchange, framing)
            connection = pool.kept(service)
            while True:
                if connection is None:
                    connection = await pool.opened(service)
                self._connection = connection
                try:
                    await self._exchange(connection, head, first, more, chunked)
                    return self._answer
                except Failed as failed:
                    again = failed.early and exchange.method in SAFE and not first and not more
                    if not again or self.status:
                        raise
                    connection = None
                finally:
                    if self._connection is not None:
                        pool.release(service, self._connection)
                        self._connection = None
        except Failed as failed:
            if self._client.gone:
                self.status = self.status or LEFT
                return None
            if self._answer is not None:
                return self._answer
            if not self.status:
                return exchange.refusal(failed.status, failed.message)
            self._client.cut()  # an end would say that the answer is whole
        except _Refused as refused:
            return refused.answer
        except Gone:
            self.status = self.status or LEFT
        return None

    async def _exchange(
        self, connection: Connection, head: bytes, first: bytes, more: bool, chunked: bool
    ) -> None:
        service = self.exchange.service
        assert service is not None
        connection.begin(self.exchange.method, service.read_s)
        self._client.leaves = connection.abort
        self._asked = time.perf_counter()
        pump: asyncio.Task[None] | None = None
        try:
            if more:
                connection.write(head + _framed(first, chunked))
                pump = asyncio.get_running_loop().create_task(
                    self._pump(connection, chunked, service.write_s)
                )
            else:
                connection.write(head + first)
                connection.sent()
            await connection.head()
            await self._down(connection)
        finally:
            self._client.leaves = None
            if pump is not None and not pump.done():  # answered before the body was through
                pump.cancel()
                await asyncio.wait([pump])
                connection.abort()

    async def _down(self, connection: Connection) -> None:
        status = connection.status
        if status == 101:
            connection.fail(failed := Failed(*INVALID))
            raise failed
        headers = heads.answer_headers(connection.headers, with_length=status not in (204, 304))
        self._finish(headers)
        spent = time.perf_counter()
        waited = int((spent - self._asked) * 1000)
        headers.append((b"x-kong-upstream-latency", b"%d" % waited))
        headers.append(
            (b"x-kong-proxy-latency", b"%d" % max(0, int((spent - self._started) * 1000) - waited))
        )
        self.status = status
        whole = (
            not self._http10 or any(name == b"content-length" for name, _ in headers) or status in (204, 304)
        )
        if not whole:
            self._client.until_close()
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        while data := await connection.chunk():
            await self._send({"type": "http.response.body", "body": data, "more_body": True})
            if self._client.gone:
                connection.abort()
                raise Gone
        if whole:
            await self._send({"type": "http.response.body", "body": b""})
        else:
            self._client.cut()

    async def _pump(self, connection: Connection, chunked: bool, write_s: float) -> None:
        """The rest of the body, until the upstream takes no more."""
        more = True
        try:
            while more:
                async with asyncio.timeout(write_s):
                    if not await connection.drain():
                        return
                data, more = await self._next()
                self._count(len(data))
                connection.write(_framed(data, chunked))
            if chunked:
                connection.write(b"0\r\n\r\n")
            connection.sent()
        except TimeoutError:
            connection.fail(Failed(*SLOW))
        except _Refused as refused:
            self._answer = refused.answer
            connection.fail(Failed(*INVALID))
        except Gone:
            connection.fail(Failed(*INVALID))

    async def _next(self) -> tuple[bytes, bool]:
        """Errors: Gone; _Refused, for a client that is too slow."""
        try:
            async with asyncio.timeout(CLIENT_S):
                message = await self._receive()
        except TimeoutError:
            raise _Refused(bare(408, {"message": "Request Timeout"}, [(b"connection", b"close")])) from None
        if message["type"] == "http.disconnect":
            raise Gone
        return message["body"], message["more_body"]

    def _count(self, size: int) -> None:
        most = self.exchange.most
        if most is None:
            return
        if size > most:
            raise _Refused(self.exchange.refusal(413, TOO_LARGE))
        self.exchange.most = most - size


class _Refused(Exception):
    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


def _framed(data: bytes, chunked: bool) -> bytes:
    if not chunked or not data:
        return data
    return b"%x\r\n%b\r\n" % (len(data), data)


def _ms(since: float) -> bytes:
    return b"%d" % int((time.perf_counter() - since) * 1000)


def _date() -> bytes:
    return formatdate(usegmt=True).encode()
