"""What most operations are, whatever the API: a request goes to the gateway, once for each idempotency key,
and its reply comes back; a question is asked and its answer shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...contracts.values import Page
from ...core.gateway import Gateway, Reply
from ...core.model import Caller, Message, Query, Request
from .idempotency import Claims, key_of
from .pending_reads import PendingReads
from .request_context import RequestContext

PAGE = 100


class Serving:
    def __init__(self, gateway: Gateway, asks: PendingReads, claims: Claims) -> None:
        self.gateway, self.asks, self._claims = gateway, asks, claims

    def submit(
        self,
        context: RequestContext,
        message: Request,
        asked: Message | None = None,
        caller: Caller | None = None,
    ) -> None:
        """`asked` is what came in, which a retry would bring again, where `message` is not that; `caller` is
        who sends the message, where it is not the caller of the request. Errors: Refused, for a malformed
        key.
        """
        caller = context.caller if caller is None else caller
        key = key_of(context.request.headers)
        self.send(context, message, caller, context.deliver, key, context.route.name, asked)

    def send(
        self,
        context: RequestContext,
        message: Request,
        caller: Caller,
        deliver: Callable[[Reply], None],
        key: bytes | None,
        operation: str,
        asked: Message | None = None,
    ) -> None:
        """As `submit`, with the key at hand; `operation` tells requests of one key apart."""
        if key is None:
            self.gateway.submit(message, caller, deliver, deadline=context.deadline, trace=context.trace)
            return
        self.gateway.submit(
            message,
            caller,
            deliver,
            deadline=context.deadline,
            claim=self._claims.claim(context.caller.id, operation, key),
            fingerprint=self._claims.fingerprint(message if asked is None else asked),
            trace=context.trace,
        )

    def ask(self, context: RequestContext, query: Query, then: Callable[[Any], None] | None = None) -> None:
        """`then` gets the answer; without it, the answer is shown."""
        asked = self.gateway.ask(query, context.caller, deadline=context.deadline, trace=context.traceparent)
        self.asks.run(asked, then or context.show, context.fail)


async def gathered(
    gateway: Gateway, page_of: Callable[[int, str], Query], caller: Caller, most: int, deadline: int = 0
) -> tuple[list[Any], bool]:
    """For a list that is published without pages: its first `most` entries, newest first, and whether there
    are more. `page_of` makes the query of a page by its limit and cursor. Up to 100 entries are one question.
    """
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None and len(found) < most:
        page: Page[Any] = await gateway.ask(page_of(PAGE, cursor), caller, deadline=deadline)
        found += page.data
        cursor = page.next_cursor
    return found[:most], cursor is not None or len(found) > most
