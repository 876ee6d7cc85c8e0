"""The way between the shop and its payment provider: what is sent may be lost, late or there twice, in both
directions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec

from ...contracts.payments import ProviderReported
from ...core.gateway import Reply
from ...core.model import NOBODY
from ...services.payments.provider.port import Answer, Charge, NoAnswer, Provider
from .lives import LIFE, OUTSIDE
from .shop import Down, Shop
from .trace import Trace
from .weather import Weather

PATIENCE_S = 1.0


class Line(Provider):
    """The shop's end. A call that has left arrives, or not, whatever becomes of the shop meanwhile."""

    def __init__(self, provider: Provider, weather: Weather, trace: Trace) -> None:
        self._provider, self._weather, self._trace = provider, weather, trace

    async def charge(self, what: Charge) -> Answer:
        return await self._call("charge", what.key, lambda: self._provider.charge(what))

    async def find(self, key: str) -> Answer:
        return await self._call("find", key, lambda: self._provider.find(key))

    async def void(self, key: str) -> Answer:
        return await self._call("void", key, lambda: self._provider.void(key))

    async def refund(self, key: str, refund_key: str, amount: int) -> Answer:
        return await self._call("refund", key, lambda: self._provider.refund(key, refund_key, amount))

    async def close(self) -> None:
        await self._provider.close()

    async def _call(self, name: str, key: str, call: Callable[[], Awaitable[Answer]]) -> Answer:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        life = LIFE.set(OUTSIDE)
        try:
            asyncio.get_running_loop().create_task(self._travel(name, key, call, answer))
        finally:
            LIFE.reset(life)
        patience = None if self._weather.strikes(self._weather.hangs) else PATIENCE_S + 2.0
        try:
            async with asyncio.timeout(patience):
                return await answer
        except TimeoutError:
            raise NoAnswer("simulated: no answer") from None

    async def _travel(
        self, name: str, key: str, call: Callable[[], Awaitable[Answer]], answer: asyncio.Future[Answer]
    ) -> None:
        weather = self._weather
        await asyncio.sleep(weather.way_s())
        if weather.strikes(weather.lost):
            self._trace.note(f"{name} lost", key)
            return
        try:
            found = await call()
        except Exception as error:  # the provider's own, for the shop to hear
            self._trace.note(f"{name} fails", key, f"{type(error).__name__} {error}")
            tell: Callable[[], None] = partial(answer.set_exception, error)
        else:
            self._trace.note(name, key, f"{found.state} {found.code}".rstrip())
            tell = partial(answer.set_result, found)
        await asyncio.sleep(weather.way_s())
        if not answer.done() and not weather.strikes(weather.lost):
            tell()


class Postman:
    """Brings the provider's webhooks into the shop."""

    def __init__(self, shop: Shop, weather: Weather, trace: Trace) -> None:
        self._shop, self._weather, self._trace = shop, weather, trace

    async def __call__(self, body: bytes, headers: dict[str, str]) -> bool:
        if self._weather.strikes(self._weather.posts_lost):
            return False
        await asyncio.sleep(self._weather.way_s())
        said = msgspec.json.decode(body)
        message, claim = ProviderReported(said["key"], said["chargeId"]), f"webhook:{headers['webhook-id']}"
        while self._weather.strikes(self._weather.posts_twice / 2):
            delay = self._weather.way_s()
            asyncio.get_running_loop().call_later(delay, self._put, message, claim, lambda reply: None)
        heard: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._put(message, claim, lambda reply: None if heard.done() else heard.set_result(reply))
        try:
            async with asyncio.timeout(PATIENCE_S):
                reply = await heard
        except TimeoutError:
            return False
        return reply.status == 0 and not self._weather.strikes(self._weather.posts_lost)

    def rumour(self, payment_id: str) -> None:
        """A report that the provider never sent, or sent long ago, or will send."""
        self._put(ProviderReported(payment_id, "ch_rumour"), "", lambda reply: None)

    def _put(self, message: ProviderReported, claim: str, deliver: Callable[[Reply], Any]) -> None:
        self._trace.note("webhook", message.payment_id)
        try:
            self._shop.submit(message, NOBODY, deliver, claim=claim, fingerprint=claim and message.charge_id)
        except Down:
            return
