"""The GraphQL gateway: takes requests over HTTP, reads what they need by the Gateway port, and keeps
nothing but copies.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import msgspec
from graphql import ExecutionResult, OperationType, execute

from ...core.cache import Cache
from ...core.clock import Clock
from ...core.gateway import Gateway, Reply
from ...core.http import Request, Response
from ..kernel import errors
from ..kernel.cached import Cached
from ..kernel.idempotency import key_of
from ..kernel.rate_limits import dual_stack
from ..kernel.request_context import Headers, Kernel, Page, RequestContext, Route
from ..kernel.served import Entry, ServedApi, ServedSettings
from ..kernel.serving import Serving
from ..nest.http import error_body
from . import explorer, faults
from .documents import Document, Documents, Wrong, shown
from .faults import BAD_REQUEST, BAD_USER_INPUT
from .limits import Limits
from .reading import Reading
from .requests import JSON, RESPONSE, Asked, Bad, asked, guard, kind_of, wants_page
from .rest import CORS, is_order
from .schema import Root, attribute, schema
from .shaping import ShapingExecutor

PATH = "/graphql"
ORDER_SECONDS = 300
ANSWER_S = 15.0
UNRESOLVED = "OPERATION_RESOLUTION_FAILURE"
TEXT = b"application/json; charset=utf-8"
KINDS = {JSON: TEXT, RESPONSE: RESPONSE + b"; charset=utf-8"}
NO_MUTATION = "GET requests only support query operations, not mutations"
_encode = msgspec.json.Encoder(enc_hook=str).encode
Errors = list[dict[str, Any]]


class GraphqlSettings(ServedSettings, frozen=True, kw_only=True):
    answer_s: float = ANSWER_S
    currency: str = "EUR"
    introspection: bool = True
    limits: Limits = Limits()


class GraphqlContext(RequestContext):
    __slots__ = ("kind",)
    CONTENT_TYPE = TEXT

    def __init__(self, kernel: Kernel, request: Request) -> None:
        super().__init__(kernel, request)
        self.kind = JSON

    def give(
        self, status: int, errors: Errors | None, data: Any = msgspec.UNSET, headers: Headers = ()
    ) -> None:
        """The answer to a GraphQL request; each error names the trace that it is found by."""
        found: dict[str, Any] = {}
        if errors:
            trace = self.span.trace_id if self.span is not None else self.parent[3:35]
            told = {"traceId": trace or self.request_id.decode()}
            found["errors"] = [{**error, "extensions": {**error["extensions"], **told}} for error in errors]
        if data is not msgspec.UNSET:
            found["data"] = data
        self.answer(status, _encode(found), headers, KINDS[self.kind])

    def refuse(self, status: int, message: str, code: str, headers: Headers = ()) -> None:
        self.give(status, [{"message": message, "extensions": {"code": code}}], headers=headers)

    def refused(self, reply: Reply) -> None:
        self._failed(errors.of_reply(reply.status, reply.body))

    def fail(self, error: BaseException) -> None:
        if isinstance(error, Bad):
            allow: Headers = ((b"allow", b"GET, POST"),) if error.status == 405 else ()
            self.refuse(error.status, error.message, error.code, allow)
        else:
            self._failed(errors.of_error(error, self.route.name))

    def unmatched(self, methods: list[str]) -> None:
        request = self.request
        if request.path.rstrip("/").lower() == PATH:
            guard(request)
            raise Bad(405, f"{request.method} is not answered here; GET and POST are.")
        says = f"Cannot {request.method} {request.path}"
        self.answer(404, _encode(error_body(404, says, "Not Found")))

    def _failed(self, failure: errors.Failure) -> None:
        wait = failure.retry_after
        headers: Headers = ((b"retry-after", b"%d" % wait),) if wait else ()
        if failure.status == 429:  # as the published middleware, which knows no GraphQL
            self.answer(429, _encode(error_body(429, "Too Many Requests")), headers)
        else:
            self.refuse(failure.status, faults.says_of(failure), faults.code_of(failure), headers)


class GraphqlApi(ServedApi[GraphqlContext]):
    def __init__(
        self,
        gateway: Gateway,
        clock: Clock,
        settings: GraphqlSettings,
        pages: Mapping[str, Page] = {},
        *,
        cache: Cache,
        **more: Any,
    ) -> None:
        self._settings = settings
        self._documents = Documents(schema(), settings.limits, introspection=settings.introspection)
        self._orders = Cached(cache, "order:", ORDER_SECONDS, is_order)
        shown_pages = {**explorer.pages(), **pages}
        super().__init__(
            GraphqlContext,
            gateway,
            clock,
            settings,
            self._routes,
            pages=shown_pages,
            cors=CORS,
            loose=True,
            stands_for=dual_stack,
            **more,
        )

    def close(self) -> None:
        super().close()
        self._documents.close()

    def _routes(self, serving: Serving) -> Iterator[Entry]:
        serve = partial(self._serve, serving)
        yield "POST", PATH, Route("graphql", PATH, serve)
        yield "GET", PATH, Route("graphql", PATH, serve)

    def _serve(self, serving: Serving, context: GraphqlContext) -> None:
        """Errors: Bad; Refused, for a malformed key."""
        request = context.request
        if wants_page(request):
            page = explorer.page(request)
            context.answer(page.status, page.body, page.headers, page.content_type)
            return
        guard(request)
        context.kind = kind_of(request)
        given = asked(request)
        document = self._documents.known(given.query)
        if document is None:
            reading = self._documents.read_aside(given.query)
            go_on = partial(self._execute, serving, context, given)
            serving.asks.later(reading, go_on, context.fail, self._settings.answer_s)
        else:
            self._execute(serving, context, given, document)

    def _execute(
        self, serving: Serving, context: GraphqlContext, given: Asked, document: Document | Wrong
    ) -> None:
        """Errors: Bad; Refused, for a malformed key."""
        request = context.request
        if isinstance(document, Wrong):
            context.give(400, list(document.errors))
            return
        operation = document.operation(given.operation)
        if operation is None:
            raise Bad(400, _unresolved(given), UNRESOLVED)
        if operation is OperationType.SUBSCRIPTION:
            raise Bad(400, "Subscriptions are not served here.", UNRESOLVED)
        if operation is OperationType.MUTATION and request.method != "POST":
            context.refuse(405, NO_MUTATION, BAD_REQUEST, ((b"allow", b"POST"),))
            return
        key = key_of(request.headers) if operation is OperationType.MUTATION else None
        reading = Reading(serving, context, document.asks, self._settings.currency, key, document.shapes)
        result = execute(
            schema(),
            document.node,
            Root(reading, self._orders),
            reading,
            given.variables,
            given.operation,
            attribute,
            executor_class=ShapingExecutor,
            hide_suggestions=not self._settings.introspection,
        )
        if inspect.isawaitable(result):
            later: Any = result
            serving.asks.later(later, partial(_finish, context), context.fail, self._settings.answer_s)
        else:
            assert isinstance(result, ExecutionResult)
            _finish(context, result)


def _finish(context: GraphqlContext, result: ExecutionResult) -> None:
    found = result.errors
    if not found:
        context.give(200, None, result.data)
        return
    if all([error.path is None for error in found]):  # nothing was executed: the variables do not fit
        status = 400 if context.kind is RESPONSE else 200
        context.give(status, [shown(error, BAD_USER_INPUT) for error in found])
        return
    context.give(200, [faults.of_field(error, context.route.name) for error in found], result.data)


def _unresolved(given: Asked) -> str:
    if given.operation is None:
        return "Must provide operation name if query contains multiple operations."
    return f'Unknown operation named "{given.operation}".'


def problem(response: Response) -> Response:
    """What the HTTP server refuses by itself."""
    status = response.status
    says = "request entity too large" if status == 413 else msgspec.json.decode(response.body)["detail"]
    code = BAD_REQUEST if status == 400 else faults.code_of(errors.Failure(status, "", says))
    error = {"message": says, "extensions": {"code": code}}
    return Response(status, _encode({"errors": [error]}), response.headers, TEXT)
