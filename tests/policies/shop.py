"""The six services in one process under the policies of a test, driven through the Gateway port alone."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from tradewind.contracts.inventory import AddProduct
from tradewind.contracts.orders import GetOrder, GetTimeline, Item, OrderView, PaymentBy, PlaceOrder
from tradewind.contracts.policies import Policies
from tradewind.contracts.values import Money, Price
from tradewind.core.clock import SystemClock
from tradewind.core.gateway import Gateway, Reply
from tradewind.core.model import Caller, Request
from tradewind.core.store import Store
from tradewind.engine.platform import Platform
from tradewind.operations.audit import audited
from tradewind.runtime.assembly import platform
from tradewind.runtime.config import Config, defaults
from tradewind.runtime.registry import SERVICES
from tradewind.runtime.schema import migrate
from tradewind.runtime.stores import open_store
from tradewind.runtime.topology import Blueprint, Process
from tradewind.services.payments.provider.manifest import LEDGER
from tradewind.services.payments.provider.sandbox import Sandbox

ADA, ADMIN = Caller("ada", "customer"), Caller("root", "admin")
PRICE = 1_999


class Shop:
    """What an API could see and do. `clock` says which ids there are."""

    def __init__(self, platform: Platform, config: Config, blueprint: Blueprint, provider: Sandbox) -> None:
        self.gateway: Gateway = platform
        self.store: Store = platform.store
        self.config, self._blueprint, self.provider = config, blueprint, provider
        self.clock = SystemClock()
        self.tea = ""

    async def send(self, message: Request, caller: Caller = ADA, claim: str = "") -> Reply:
        came: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.gateway.submit(
            message, caller, came.set_result, claim=claim or self.clock.uuid(), fingerprint="f"
        )
        async with asyncio.timeout(60):
            return await came

    async def done(self, message: Request, caller: Caller = ADA, claim: str = "") -> Any:
        reply = await self.send(message, caller, claim)
        assert reply.status == 0, reply.body
        return msgspec.json.decode(reply.body)

    async def product(self, stock: int = 10) -> str:
        tea = await self.done(AddProduct("TEA", "Assam", Price(PRICE, "EUR"), stock), ADMIN)
        self.tea = str(tea["id"])
        return self.tea

    async def place(self, quantity: int = 1, token: str = "tok_ok", caller: Caller = ADA) -> str:
        """An order of our only product."""
        made = await self.done(PlaceOrder((Item(quantity, self.tea),), PaymentBy(token)), caller)
        return str(made["id"])

    async def priced(self, product_id: str, quantity: int, price: int) -> str:
        """An order whose price the client names."""
        item = Item(quantity, product_id, price=Money(price, "EUR"))
        return str((await self.done(PlaceOrder((item,), None, Money(quantity * price, "EUR"))))["id"])

    async def order(self, order_id: str) -> OrderView:
        found = msgspec.json.encode(await self.gateway.ask(GetOrder(order_id), ADMIN))
        return msgspec.json.decode(found, type=OrderView)

    async def ended(self, order_id: str) -> OrderView:
        async with asyncio.timeout(60):
            while (found := await self.order(order_id)).status == "PENDING":
                await self.gateway.changed(order_id, 0.2)
        await self.rest()
        return found

    async def rest(self) -> None:
        """Until nothing is under way: every subscription has heard all, and no activity runs."""
        quiet = 0
        async with asyncio.timeout(60):
            while quiet < 2:
                await asyncio.sleep(0.01)
                services = (await self.gateway.stats())["services"].values()
                moving = any(row["activities"] or any(row["lag"].values()) for row in services)
                quiet = 0 if moving else quiet + 1

    async def said(self, order_id: str) -> list[str]:
        """The names of the events of an order, in order."""
        return [entry.name for entry in (await self.gateway.ask(GetTimeline(order_id), ADMIN)).data]

    async def audit(self) -> dict[str, str]:
        """What the audit finds wrong, by promise, and which promises it does not check."""
        await self.rest()
        report = await audited(self.config, SystemClock(), self._blueprint)
        return {
            finding.name: "".join(f"{one.id}: {one.why}" for one in finding.broken)
            for finding in report.findings
            if not finding.ok
        }

    def spoil(self, statement: str) -> None:
        """Changes what lies in the store behind everybody's back."""
        with sqlite3.connect(self.config.data / "tradewind.db") as db:
            assert db.execute(statement).rowcount > 0
        db.close()


@asynccontextmanager
async def opened(data: Path, policies: Policies, **settings: object) -> AsyncIterator[Shop]:
    config = defaults(**{"data": data, "payment_token": "tok_ok", **settings})
    config.data.mkdir(exist_ok=True)
    migrate(config)
    clock = SystemClock(ids=policies.ids)
    provider = Sandbox(
        config.data / LEDGER, clock=clock.now, random=random.Random(7), timeout_s=0.5, commit_inline=True
    )
    made = platform(config, open_store(config.database_url, config.data), clock, provider, policies=policies)
    blueprint = Blueprint("test", "", (Process("shop", SERVICES),), {}, policies=policies)
    await made.start()
    provider.start()
    try:
        yield Shop(made, config, blueprint, provider)
    finally:
        await made.stop()
        await provider.close()
