"""Takes requests of our own wire to the Gateway of a process, and its replies back as they are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import msgspec

from ...core.gateway import Gateway, Reply
from ...core.model import Message, Query, Refused, Request, wire_name
from ...core.request_queue import Ask, Handler
from ...core.store import StoreUnavailable
from ..kernel.pending_reads import PendingReads
from .wire import MISSING, STATS, encode, pack_reply, read_submission, refusal

LOG = logging.getLogger("tradewind.services")
ANSWER_S = 10.0
UNKNOWN_SAYS = (
    "The service was interrupted; send it again with an Idempotency-Key to learn what became of it."
)


class ServicesServer:
    """`messages`: all requests and queries that this process takes, of whatever service."""

    def __init__(
        self,
        gateway: Gateway,
        messages: Iterable[type[Message]],
        *,
        answer_s: float = ANSWER_S,
        reads_at_once: bool = False,
    ) -> None:
        self._gateway = gateway
        self._reads = PendingReads(answer_s, reads_at_once)
        self.handlers: dict[str, Handler] = {
            STATS: self._guarded(self._stats),
            MISSING: self._guarded(self._missing),
        }
        for kind in messages:
            decode: Any = msgspec.json.Decoder(kind).decode
            take = self._query if issubclass(kind, Query) else self._request
            self.handlers[wire_name(kind)] = self._guarded(partial(take, decode))

    def close(self) -> None:
        self._reads.close()

    def _guarded(self, step: Callable[[Ask], None]) -> Handler:
        """Answers also where a step fails."""

        def handle(ask: Ask) -> None:
            try:
                step(ask)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                LOG.error("%s came in a form that this version does not know: %s", ask.pattern, error)
                ask.refuse(refusal(400, "invalid_message", "The message is of another version."))

        return handle

    def _request(self, decode: Callable[[bytes], Request], ask: Ask) -> None:
        sent = read_submission(ask.data)
        if ask.redelivered and not sent.claim:
            # it may have been done, and nothing remembers whether
            ask.refuse(refusal(503, "outcome_unknown", UNKNOWN_SAYS, 1))
            return
        self._gateway.submit(
            decode(bytes(sent.message)),
            sent.caller,
            partial(_deliver, ask),
            deadline=ask.deadline_ms,
            claim=sent.claim,
            fingerprint=sent.fingerprint,
            trace=ask.traceparent or sent.trace,
            again=sent.again or ask.redelivered,
        )

    def _query(self, decode: Callable[[bytes], Query], ask: Ask) -> None:
        sent = read_submission(ask.data)
        message = decode(bytes(sent.message))
        asked = self._gateway.ask(message, sent.caller, deadline=ask.deadline_ms, trace=ask.traceparent)
        self._run(ask, asked)

    def _stats(self, ask: Ask) -> None:
        self._run(ask, self._gateway.stats())

    def _missing(self, ask: Ask) -> None:
        ask.answer(pack_reply(0, encode(self._gateway.missing())))

    def _run(self, ask: Ask, asked: Any) -> None:
        self._reads.run(asked, lambda view: ask.answer(pack_reply(0, encode(view))), partial(_fail, ask))


def _deliver(ask: Ask, reply: Reply) -> None:
    packed = pack_reply(reply.status, reply.body, reply.replayed)
    if reply.status:
        ask.refuse(packed)
    else:
        ask.answer(packed)


def _fail(ask: Ask, error: BaseException) -> None:
    if ask.answered:
        LOG.error("%s was answered, and then", ask.pattern, exc_info=error)
    elif isinstance(error, Refused):
        detail = dict(error.detail)
        retry_after = int(detail.pop("retry_after", 0))
        body = {"code": error.code, "says": error.says, "detail": detail, "retry_after": retry_after}
        ask.refuse(pack_reply(error.status, encode(body)))
    elif isinstance(error, (StoreUnavailable, TimeoutError)):
        LOG.warning("%s could not be answered now: %s", ask.pattern, error)
        ask.refuse(refusal(503, "store_unavailable", "", 1))
    else:
        LOG.error("%s could not be answered", ask.pattern, exc_info=error)
        ask.refuse(refusal(500, "internal_error"))
