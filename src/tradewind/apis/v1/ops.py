"""Shows operators and their machines how it goes: is it alive, is it ready, what waits, what could not be
handled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ...contracts.ops import dead_letter_view
from ...contracts.values import Page
from ...core.dead_letters import DeadLetter
from ...core.gateway import Gateway, Reply
from .call import Call, finish_view
from .serving import Serving

_letter = msgspec.json.Decoder(DeadLetter).decode
_encode = msgspec.json.Encoder().encode
ALIVE = b'{"status":"alive"}'
READY = b'{"status":"ready"}'


class Ops:
    def __init__(self, serving: Serving, gateway: Gateway, closing: Callable[[], bool]) -> None:
        self._serving, self._gateway, self._closing = serving, gateway, closing

    def live(self, call: Call) -> None:
        call.answer(200, ALIVE)

    def ready(self, call: Call) -> None:
        missing = ["shutting down"] if self._closing() else self._gateway.missing()
        if missing:
            call.answer(503, _encode({"status": "not ready", "missing": missing}))
        else:
            call.answer(200, READY)

    def stats(self, call: Call) -> None:
        call.bound()
        self._serving.asks.run(self._gateway.stats(), call.show, call.fail)

    def letters(self, call: Call) -> None:
        def show(page: Page[DeadLetter]) -> None:
            call.show(Page([dead_letter_view(letter) for letter in page.data], page.next_cursor))

        asked: Any = self._gateway.ask(call.bound(), call.caller)
        self._serving.asks.run(asked, show, call.fail)

    def decided(self, call: Call, reply: Reply) -> None:
        finish_view(call, Reply(0, _encode(dead_letter_view(_letter(reply.body))), reply.replayed))
