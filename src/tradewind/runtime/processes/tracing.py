"""Traces requests and events through a process: a span for those whose caller is traced, one check for all
others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from ...core.bus import EventRecord, Handle, Settle
from ...core.request_queue import Ask
from ...core.rpc_methods import Method, RpcCall, RpcFailed
from ...observability import context, spans
from ...observability.tracing import Kind, Span, Tracer

Handler = Callable[[Ask], None]


def requests(tracer: Tracer, queue: str, handlers: Mapping[str, Handler]) -> dict[str, Handler]:
    """The same handlers. What a followed request leads to is under its step here, which ends with the
    answer.
    """
    return {pattern: _followed(tracer, queue, handler) for pattern, handler in handlers.items()}


def _followed(tracer: Tracer, queue: str, handler: Handler) -> Handler:
    def handle(ask: Ask) -> None:
        if ask.traceparent and context.sampled(ask.traceparent):
            span = spans.consumed(tracer, queue, ask.pattern, ask.traceparent, redelivered=ask.redelivered)
            if span is not None:
                ask.traceparent, ask.reply = span.traceparent, _ending(span, ask.reply)
        handler(ask)

    return handle


def _ending(span: Span, reply: Callable[[Ask, bytes, bool], None]) -> Callable[[Ask, bytes, bool], None]:
    def answer(ask: Ask, body: bytes, refused: bool) -> None:
        if refused:
            span.set("tradewind.outcome", "refused")
        spans.answered(span)
        reply(ask, body, refused)

    return answer


def call(tracer: Tracer, service: str, name: str, method: Method) -> Method:
    """The same method, under the trace of its caller or one that begins here."""

    async def followed(one: RpcCall) -> bytes:
        span = tracer.start(f"{service}/{name}", Kind.SERVER, one.trace)
        if span is None:
            return await method(one)
        span.attributes |= {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name}
        try:
            reply = await method(replace(one, trace=span.traceparent))
        except RpcFailed as error:
            span.end("" if error.status == "INVALID_ARGUMENT" else error.status)
            raise
        except BaseException as error:
            span.end(type(error).__name__)
            raise
        span.end()
        return reply

    return followed


def events(tracer: Tracer, queue: str, handle: Handle, system: str) -> Handle:
    """The same subscription. The span of an event ends after the commit."""

    def followed(event: EventRecord, settle: Settle, again: bool) -> None:
        span = (
            spans.consumed(tracer, queue, event.name, event.trace, redelivered=again, system=system)
            if context.sampled(event.trace)
            else None
        )
        if span is None:
            handle(event, settle, again)
            return

        def ended(reason: str) -> None:
            spans.answered(span)
            settle(reason)

        handle(replace(event, trace=span.traceparent), ended, again)

    return followed
