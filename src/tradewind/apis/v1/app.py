"""API v1: takes every request from the HTTP server to its operation and sees that it is answered.

The way in is the same for all and usually has no wait in it: find the route, identify the caller, count the
request, bind the message, hand it to the gateway. The reply comes by callback.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from ...contracts.api import OPERATIONS
from ...contracts.operation import Operation
from ...core.clock import Clock
from ...core.gateway import Gateway
from ...core.http import Request, Response
from ...core.model import Caller, Refused
from ..kernel import pending_reads as guard
from ..kernel.rate_limits import Buckets, network
from .access import admit
from .accounts import Accounts
from .call import Call, Route, request_ids
from .idempotency import Claims
from .ops import Ops
from .passwords import Passwords
from .principals import Principals
from .routes import Routes
from .serving import Serving
from .settings import V1Settings
from .table import Special, pages_routes, plain, route
from .tokens import TokenWriter
from .waiting import Waiting
from .webhooks import Webhooks

Page = Callable[[Request], Response]
Observe = Callable[[str, int, float], None]
"""Operation, status, seconds."""
Log = Callable[[str, str, str, str, int, float, str], None]
"""Request id, trace id, method, route, status, milliseconds, caller:
`observability.access.AccessLog.write`.
"""


def _nothing(*_: object) -> None:
    """No observer."""


class V1Api:
    """A `Handler` of the HTTP server. `pages` are public and served as they are: metrics, the API's
    description.
    """

    def __init__(
        self,
        gateway: Gateway,
        clock: Clock,
        settings: V1Settings,
        *,
        pages: Mapping[str, Page] | None = None,
        observe: Observe = _nothing,
        log: Log = _nothing,
        tick: Callable[[], float] = time.perf_counter,
        operations: Iterable[Operation] = OPERATIONS,
        passwords: Passwords | None = None,
    ) -> None:
        self.observe, self.log = observe, log
        self._clock, self._tick, self._fresh = clock, tick, request_ids(clock)
        self._asks = guard.PendingReads(settings.answer_s, settings.reads_at_once)
        self._passwords = passwords or Passwords(settings, clock)
        self._buckets = Buckets(settings.rate_limit_per_minute, settings.buckets)
        tokens = TokenWriter(settings.jwt_secret, settings.key("refresh"), settings.access_ttl_s)
        claims = Claims(settings.key("idempotency"))
        self._principals = Principals(gateway, clock, self._asks, tokens, settings)
        serving = Serving(gateway, self._asks, claims)
        accounts = Accounts(
            serving, gateway, clock, self._passwords, tokens, settings, self._principals.forget
        )
        self._waiting = Waiting(serving, gateway, clock, settings)
        self._closing = False
        ops = Ops(serving, gateway, lambda: self._closing)
        webhooks = Webhooks(gateway, clock, claims, settings.webhook_secrets, self._count_anonymous)
        special: dict[str, Special] = {
            "users.register": (accounts.register, None),
            "users.log_in": (accounts.log_in, accounts.signed_in),
            "users.refresh": (accounts.refresh, accounts.signed_in),
            "users.log_out": (accounts.log_out, accounts.logged_out),
            "users.change_me": (accounts.change_me, None),
            "users.change": (None, accounts.changed),
            "users.delete": (None, accounts.deleted),
            "orders.get": (self._waiting.get, None),
            "invoices.pdf": (serving.pdf, None),
            "ops.stats": (ops.stats, None),
            "ops.dead_letters": (ops.letters, None),
            "ops.replay": (None, ops.decided),
            "ops.discard": (None, ops.decided),
        }
        operations = tuple(operations)
        self._unmatched = plain("unmatched", "", _nothing)
        self._routes: Routes[Route] = Routes(
            [
                *(
                    (operation.method, operation.path, route(operation, operations, serving, special))
                    for operation in operations
                ),
                *pages_routes(pages or {}),
                ("GET", "/health/live", plain("health.live", "/health/live", ops.live)),
                ("GET", "/health/ready", plain("health.ready", "/health/ready", ops.ready)),
                (
                    "POST",
                    "/webhooks/sandbox",
                    plain("webhooks.sandbox", "/webhooks/sandbox", webhooks.take, 204),
                ),
            ]
        )

    def __call__(self, request: Request) -> None:
        call = Call(request, self._tick(), self._fresh, self._unmatched, self._ended)
        guard.attempt(call.fail, self._enter, call)

    def drain(self) -> None:
        """Prepares for the stop: no longer ready, and clients that wait for an order are answered now."""
        self._closing = True
        self._waiting.close()

    def close(self) -> None:
        self.drain()
        self._asks.close()
        self._passwords.close()

    def _enter(self, call: Call) -> None:
        request = call.request
        call.route, call.values = self._routes.find(request.method, request.path)
        rule = call.route.rule
        if rule is None:
            call.route.serve(call)
            return
        authorization = request.headers.get(b"authorization") if rule.reads else None
        now = self._clock.now()
        if authorization is None:
            self._admit(call, None, now)
            return
        caller = self._principals.at_once(authorization, now)
        if caller is not None:
            self._admit(call, caller, now)
            return

        def known(caller: Caller | None) -> None:
            self._admit(call, caller, self._clock.now())

        def unknown(error: BaseException) -> None:
            # no sign-in is needed here: then a token that cannot be checked now is no reason to refuse
            guard.attempt(call.fail, known, None) if not rule.needs else call.fail(error)

        self._principals.find(authorization, known, unknown)

    def _admit(self, call: Call, caller: Caller | None, now: int) -> None:
        self._count(network(call.request.client) if caller is None else caller.id, now)
        rule = call.route.rule
        assert rule is not None
        call.caller = admit(rule, caller)
        call.route.serve(call)

    def _count_anonymous(self, call: Call) -> None:
        self._count(network(call.request.client), self._clock.now())

    def _count(self, who: str, now: int) -> None:
        wait = self._buckets.take(who, now)
        if wait:
            raise Refused("rate_limited", 429, retry_after=wait)

    def _ended(self, call: Call, status: int) -> None:
        seconds = self._tick() - call.began
        request, route = call.request, call.route
        self.observe(route.name, status, seconds)
        self.log(
            call.request_id.decode(),
            call.trace_id,
            request.method,
            route.path,
            status,
            seconds * 1_000,
            call.caller.id,
        )
