"""Shows operators how it goes: what waits, and what could not be handled."""

from __future__ import annotations

import msgspec

from ...contracts.ops import GetStats, dead_letter_view
from ...contracts.values import Page
from ...core.dead_letters import DeadLetter, DiscardDeadLetter, ListDeadLetters, ReplayDeadLetter
from ...core.gateway import Gateway, Reply
from ..kernel.serving import Serving
from .call import Call, Finishes, Handles, finish_view

_letter = msgspec.json.Decoder(DeadLetter).decode
_encode = msgspec.json.Encoder().encode


class Ops:
    def __init__(self, serving: Serving, gateway: Gateway) -> None:
        self._serving, self._gateway = serving, gateway
        self.handles: Handles = {GetStats: self._stats, ListDeadLetters: self._letters}
        self.finishes: Finishes = {ReplayDeadLetter: _decided, DiscardDeadLetter: _decided}

    def _stats(self, call: Call) -> None:
        call.bound()
        self._serving.asks.run(self._gateway.stats(), call.show, call.fail)

    def _letters(self, call: Call) -> None:
        def show(page: Page[DeadLetter]) -> None:
            call.show(Page([dead_letter_view(letter) for letter in page.data], page.next_cursor))

        self._serving.ask(call, call.bound(), show)


def _decided(call: Call, reply: Reply) -> None:
    finish_view(call, Reply(0, _encode(dead_letter_view(_letter(reply.body))), reply.replayed))
