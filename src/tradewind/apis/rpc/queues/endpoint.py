"""Brings a message of a queue to the gateway and its reply back: what all nine patterns have in common.

Every message is answered once, whatever goes wrong on the way, and nothing here waits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from functools import partial
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec

from ....core.gateway import Gateway, Refusal, Reply
from ....core.model import Query, Refused, Request
from ....core.request_queue import Ask
from ....core.store import StoreUnavailable
from ....observability import context
from ...kernel.admission import EVERYONE
from ...kernel.pending_reads import PendingReads
from .. import rules
from ..texts import language_of, say

LOG = logging.getLogger("tradewind.rpc")
T = TypeVar("T")
Handler = Callable[[Ask], None]
Show = Callable[[Any], bytes]
encode = msgspec.json.Encoder().encode
_refusal = msgspec.json.Decoder(Refusal).decode


class Values(msgspec.Struct, frozen=True):
    """What the queues need to know. `currency`: of all amounts. `reads_at_once`: see `guard.Asks`.
    `list_max`: where a list without pages ends.
    """

    currency: str
    answer_s: float = 10.0
    reads_at_once: bool = True
    list_max: int = 10_000


class BadPayload(Exception):
    """What is wrong with a message: `messages` in class-validator's words."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__(messages)
        self.messages = messages


class _Loose(msgspec.Struct, rename="camel"):
    """A message, as far as any message can be read."""

    dto: msgspec.Raw = msgspec.Raw(b"null")
    idempotency_key: Any = None
    lang: Any = None


class _About(msgspec.Struct, rename="camel"):
    """A question about one thing."""

    id: Any = None
    order_id: Any = None
    lang: Any = None


_loose = msgspec.json.Decoder(_Loose).decode
_about = msgspec.json.Decoder(_About).decode
_paging = msgspec.json.Decoder(dict[str, Any]).decode


class RpcEndpoint:
    """The queue of one service. `name` is the catalogue that has its texts."""

    def __init__(self, gateway: Gateway, values: Values, name: str) -> None:
        self._gateway, self._name, self._asks = (
            gateway,
            name,
            PendingReads(values.answer_s, values.reads_at_once),
        )

    def handler(self, step: Callable[[Ask], None]) -> Handler:
        """Makes sure that a step that breaks is answered too."""

        def handle(ask: Ask) -> None:
            try:
                step(ask)
            except BadPayload as error:
                self.invalid(ask, error.messages)
            except Exception as error:
                self.failed(ask, "", error)

        return handle

    # -- what is asked
    # ----------------------------------------------------------------------------------------------------

    def submit(
        self, ask: Ask, message: Request, dto: Any, key: str | None, lang: Any, show: Callable[[Reply], bytes]
    ) -> None:
        """`dto` is what must be the same under the same key. Without a key a message that is delivered again
        is done once.
        """
        claim = claim_of("rpc", ask.pattern, key) if key else claim_of("rpc-message", ask.pattern, ask.id)
        deliver = partial(self._deliver, ask, lang, show)
        trace = (ask.traceparent if context.sampled(ask.traceparent) else ask.traceparent[3:35]) or ask.id
        self._gateway.submit(
            message,
            EVERYONE,
            deliver,
            deadline=ask.deadline_ms,
            claim=claim,
            fingerprint=_digest(encode(dto)),
            trace=trace,
            again=ask.redelivered,
        )

    def query(self, ask: Ask, query: Query, lang: Any, show: Show) -> None:
        self.answer(ask, self._gateway.ask(query, EVERYONE, deadline=ask.deadline_ms), lang, show)

    def answer(self, ask: Ask, found: Coroutine[Any, Any, T], lang: Any, show: Callable[[T], bytes]) -> None:
        self._asks.run(found, lambda view: ask.answer(show(view)), partial(self.failed, ask, lang))

    def one(self, ask: Ask, query: Callable[[str], Query], show: Show) -> None:
        """One object, by its id; what cannot be an id is not found."""
        about = about_of(ask.data)
        if isinstance(about.id, str) and rules.UUID.match(about.id):
            self.query(ask, query(about.id.lower()), about.lang, show)
        else:
            self.refuse(ask, 404, f"{self._name}.not_found", about.lang)

    # -- what comes of it
    # -------------------------------------------------------------------------------------------------

    def _deliver(self, ask: Ask, lang: Any, show: Callable[[Reply], bytes], reply: Reply) -> None:
        try:
            if reply.status:
                self._refused(ask, lang, reply.status, _refusal(reply.body).code)
            else:
                ask.answer(show(reply))
        except Exception as error:
            self.failed(ask, lang, error)

    def failed(self, ask: Ask, lang: Any, error: BaseException) -> None:
        """An answer to whatever came instead of one."""
        if ask.answered:
            LOG.error("%s was answered, and then", ask.pattern, exc_info=error)
        elif isinstance(error, Refused):
            self._refused(ask, lang, error.status, error.code)
        elif isinstance(error, (StoreUnavailable, TimeoutError)):
            LOG.warning("%s was not answered in time: %s", ask.pattern, error)
            self.refuse(ask, 503, "translations.unavailable", lang)
        else:
            LOG.error("%s could not be answered", ask.pattern, exc_info=error)
            self.refuse(ask, 500, "translations.internal_error", lang)

    def _refused(self, ask: Ask, lang: Any, status: int, code: str) -> None:
        self.refuse(ask, status, TEXTS.get(code) or f"{self._name}.{code}", lang)

    def refuse(self, ask: Ask, status: int, text: str, lang: Any) -> None:
        language = language_of(lang)
        try:
            says = say(text, language)
        except KeyError:
            says = say("translations.unavailable" if status == 503 else "translations.refused", language)
        ask.refuse(encode({"message": says, "statusCode": status}))

    @staticmethod
    def invalid(ask: Ask, messages: list[str]) -> None:
        ask.refuse(encode({"message": messages, "error": "Bad Request", "statusCode": 400}))


TEXTS = {
    "idempotency_key_reused": "translations.key_reused",
    "request_in_progress": "translations.in_progress",
    "overloaded": "translations.unavailable",
    "store_unavailable": "translations.unavailable",
    "outcome_unknown": "translations.outcome_unknown",
    "internal_error": "translations.internal_error",
}
"""Where the text of a refusal is that every service may give."""


def read(
    decode: Callable[[bytes], T], data: bytes, dto_of: Callable[[bytes], Any], make: Callable[..., T]
) -> T:
    """A message with a dto: one typed decode, and only what fails it is looked at again. Errors:
    BadPayload.
    """
    try:
        return decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        loose = _read(_loose, data)
    try:
        dto = dto_of(bytes(loose.dto))
    except rules.NotJson:
        raise BadPayload([say("translations.bad_payload")]) from None
    if wrong := [*(dto if isinstance(dto, list) else ()), *rules.key_of(loose.idempotency_key)]:
        raise BadPayload(wrong)
    return make(dto, loose.idempotency_key, loose.lang)


def about_of(data: bytes) -> Any:
    return _read(_about, data)


def paging_of(data: bytes) -> rules.Paging:
    """Errors: BadPayload."""
    paging = rules.page_of(_read(_paging, data) if data != b"null" else {})
    if isinstance(paging, list):
        raise BadPayload(paging)
    return paging


def _read(decode: Callable[[bytes], T], data: bytes) -> T:
    try:
        return decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise BadPayload([say("translations.bad_payload")]) from None


def claim_of(*parts: str) -> str:
    """The same on every machine: two copies of a service must know each other's claims."""
    return _digest("\0".join(parts).encode(errors="surrogatepass"))


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
