"""The clients of the shop: customers who order, cancel and ask again, staff who add products, count stock and
change prices.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable

import msgspec

from ...contracts.inventory import AddProduct, AdjustStock, ChangeProduct
from ...contracts.orders import CancelOrder, GetOrder, Item, OrderView, PaymentBy, PlaceOrder
from ...contracts.payments import RefundPayment
from ...contracts.values import Money, Price
from ...core.clock import derived
from ...core.gateway import Reply
from ...core.model import Caller, Refused, Request
from ...core.store import StoreUnavailable
from ...services.payments.provider.tokens import MANNERS
from .ledger import Asked, Ledger
from .shop import Down, Shop
from .weather import Weather

STAFF = Caller("staff", "admin")
TOKENS = (*MANNERS, "tok_ok", "tok_ok", "tok_ok", "tok_unheard_of")
SCARCE, PLENTY = (0, 4, 20, 1_000), (10_000,)
ANSWER_S = 4.0
MOST_TRIES = 60
NOBODYS = "01900000-0000-7000-8000-000000000000"
FINAL = ("FAILED", "CANCELLED", "CONFIRMED")
_order = msgspec.json.Decoder(OrderView).decode


class Clients:
    """`day` is what they do; `repeat` what they ask once more at the end."""

    def __init__(self, seed: int, orders: int, shop: Shop, ledger: Ledger, weather: Weather) -> None:
        self._seed, self._orders, self._shop, self._ledger, self._weather = (
            seed,
            orders,
            shop,
            ledger,
            weather,
        )
        draw = random.Random(f"{seed}/shelf")
        stock = SCARCE if draw.random() < 0.4 else PLENTY
        self._stock = {f"SKU-{n}": draw.choice(stock) for n in range(draw.randint(1, 4))}
        self._price = {sku: draw.choice((1, 99, 1_999, 250_000)) for sku in self._stock}
        self._late = draw.random() < 0.2
        self._staff = draw.randint(0, 4)

    async def day(self) -> None:
        people: list[Awaitable[None]] = [self._add(n, sku) for n, sku in enumerate(self._stock)]
        people += [self._reprice_and_count(n) for n in range(self._staff)]
        people += [self._shopper(n) for n in range(self._orders)]
        await asyncio.gather(*people)

    async def repeat(self) -> None:
        """Some of what was asked with a claim is asked again: the answer is the same, and nothing is done."""
        draw = random.Random(f"{self._seed}/repeat")
        for asked in [asked for asked in self._ledger.asked if asked.claim and draw.random() < 0.3]:
            await self._send(asked, draw)

    async def _add(self, n: int, sku: str) -> None:
        draw = random.Random(f"{self._seed}/product/{n}")
        if self._late:
            await asyncio.sleep(draw.uniform(0, self._weather.span_s))
        price = self._price[sku]
        self._ledger.prices.setdefault(sku, []).append(price)
        for copy in range(2 if draw.random() < 0.1 else 1):
            message = AddProduct(sku, f"Tea {n}", Price(price, "EUR"), self._stock[sku])
            await self._send(self._ledger.ask(message, STAFF, f"add-{n}-{copy}"), draw)

    async def _reprice_and_count(self, n: int) -> None:
        draw = random.Random(f"{self._seed}/staff/{n}")
        for turn in range(draw.randint(1, 4)):
            await asyncio.sleep(draw.uniform(0, self._weather.span_s))
            sku = draw.choice(list(self._stock))
            product_id = self._ledger.products.get(sku, NOBODYS)
            if draw.random() < 0.5:
                price = draw.choice((1, 50, 1_899))
                self._ledger.prices.setdefault(sku, []).append(price)
                message: Request = ChangeProduct(product_id, price=Price(price, "EUR"))
            else:
                message = AdjustStock(product_id, draw.choice((-20, -1, 1, 5)), "count")
            await self._send(self._ledger.ask(message, STAFF, f"staff-{n}-{turn}"), draw)

    async def _shopper(self, n: int) -> None:
        draw = random.Random(f"{self._seed}/shopper/{n}")
        customer = Caller(f"customer-{draw.randrange(3)}", "customer")
        await asyncio.sleep(draw.choice((0.0, 0.5, 0.5, 0.5)) + draw.uniform(0, self._weather.span_s))
        claim = "" if draw.random() < self._weather.keyless else f"order-{n}"
        reply = await self._send(self._ledger.ask(self._basket(draw), customer, claim), draw)
        if reply is None or reply.status:
            return
        order = _order(reply.body)
        await self._look(order.id, customer)
        wish = draw.random()
        if wish < 0.3:
            await asyncio.sleep(draw.choice((0.0, 0.01, 1.0, 5.0)) * draw.random())
            await self._cancel(n, 0, order.id, customer, draw)
        if wish > 0.2:
            await self._wait(order.id, customer, draw)
        if 0.2 < wish < 0.6:
            await asyncio.gather(*[self._refund(n, turn, order, draw) for turn in range(draw.randint(1, 3))])
        if 0.5 < wish < 0.6:
            await self._cancel(
                n, 1, order.id, customer if wish < 0.58 else Caller("stranger", "customer"), draw
            )
        await self._look(order.id, customer)

    def _basket(self, draw: random.Random) -> PlaceOrder:
        items = []
        for _ in range(draw.randint(1, 4)):
            sku = draw.choice(list(self._stock)) if draw.random() < 0.995 else "SKU-NONE"
            quantity = draw.choice((1, 1, 1, 2, 3, 7))
            product_id = self._ledger.products.get(sku)
            items.append(
                Item(quantity, product_id=product_id)
                if product_id and draw.random() < 0.5
                else Item(quantity, sku=sku)
            )
        total = None
        if draw.random() < 0.15:
            prices = {
                name: price[-1]
                for sku, price in self._ledger.prices.items()
                for name in (sku, self._ledger.products.get(sku, ""))
            }
            expected = sum(
                [item.quantity * prices.get(item.sku or item.product_id or "", 0) for item in items]
            )
            total = Money(expected + draw.choice((0, 0, 1)), "EUR")
        return PlaceOrder(tuple(items), PaymentBy(draw.choice(TOKENS)), total)

    async def _cancel(self, n: int, turn: int, order_id: str, caller: Caller, draw: random.Random) -> None:
        asked = self._ledger.ask(CancelOrder(order_id, "changed my mind"), caller, f"cancel-{n}-{turn}")
        reply = await self._send(asked, draw)
        if reply is not None and not reply.status and caller.id == "stranger":
            self._ledger.broken("isolation", order_id, "a stranger cancelled it")

    async def _refund(self, n: int, turn: int, order: OrderView, draw: random.Random) -> None:
        part = max(1, order.total.amount // draw.choice((1, 2, 3)))
        amount = draw.choice((None, Money(part, "EUR"), Money(order.total.amount + 1, "EUR")))
        await asyncio.sleep(draw.random() * draw.choice((0, 1)))
        await self._send(
            self._ledger.ask(RefundPayment(order.id, "damaged", amount), STAFF, f"refund-{n}-{turn}"), draw
        )

    async def _wait(self, order_id: str, customer: Caller, draw: random.Random) -> None:
        for _ in range(8):
            if await self._look(order_id, customer) in FINAL:
                break
            await asyncio.sleep(draw.expovariate(0.5))

    async def _look(self, order_id: str, customer: Caller) -> str:
        try:
            order = await self._shop.ask(GetOrder(order_id), customer)
        except (Down, StoreUnavailable):
            return ""
        except Refused:
            self._ledger.broken("accepted is kept", order_id, "was answered 201 and is not there")
            return ""
        self._ledger.saw(order)
        return str(order.status)

    async def _send(self, asked: Asked, draw: random.Random) -> Reply | None:
        """Asks until there is an answer, or the client has had enough. Without a claim, once; never when the
        shop may have forgotten it.
        """
        calm_tries, now = 0, asyncio.get_running_loop().time
        asked.since = now() if asked.since is None else asked.since
        while calm_tries < MOST_TRIES and not self._ledger.violations:
            calm_tries += self._weather.calm
            if self._weather.keep_ms and (now() - asked.since) * 2_000 > self._weather.keep_ms:
                return None
            reply = await self._try(asked)
            if reply is not None:
                return reply
            if not asked.claim or (draw.random() < 0.03 and not self._weather.calm):
                return None
            await asyncio.sleep(draw.uniform(0.01, 3.0))
        if not self._ledger.violations:
            self._ledger.broken("answers", asked.claim, f"{type(asked.message).__name__} is never answered")
        return None

    async def _try(self, asked: Asked) -> Reply | None:
        weather, loop = self._weather, asyncio.get_running_loop()
        answer: asyncio.Future[Reply] = loop.create_future()

        def deliver(reply: Reply) -> None:
            last = self._ledger.heard(asked, reply)
            if last and not weather.strikes(weather.answers_lost) and not answer.done():
                answer.set_result(reply)

        def put() -> None:
            try:
                self._shop.submit(
                    asked.message, asked.caller, deliver, claim=asked.claim, fingerprint=asked.fingerprint
                )
            except Down:
                return

        await asyncio.sleep(weather.way_s())
        if asked.claim and weather.strikes(weather.asked_twice):
            loop.call_later(weather.random.expovariate(20), put)
        put()
        try:
            async with asyncio.timeout(ANSWER_S):
                return await answer
        except TimeoutError:
            return None

    def payment_of_late(self, draw: random.Random) -> str:
        """Of an order that was placed just now."""
        orders = list(self._ledger.orders)[-3:]
        return derived(draw.choice(orders), "payment") if orders else NOBODYS
