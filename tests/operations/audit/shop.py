"""A small shop that has had one order of each kind, and the ways to spoil what it keeps."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from pathlib import Path
from typing import Any

import msgspec

from tradewind.contracts.inventory import AddProduct, AdjustStock
from tradewind.contracts.orders import CancelOrder, GetOrder, Item, PaymentBy, PlaceOrder
from tradewind.contracts.payments import RefundPayment
from tradewind.contracts.values import Money, Price
from tradewind.core.clock import SystemClock
from tradewind.core.gateway import Reply
from tradewind.core.model import Caller, Request
from tradewind.engine.observers import NO_HOOKS, Hooks
from tradewind.engine.platform import Platform
from tradewind.operations.audit import Report
from tradewind.runtime import config as settings
from tradewind.runtime.assembly import platform
from tradewind.runtime.config import Config
from tradewind.runtime.schema import migrate
from tradewind.runtime.stores import open_store
from tradewind.services.payments.provider.manifest import LEDGER
from tradewind.services.payments.provider.sandbox import Sandbox

BUYER, ADMIN = (
    Caller("01900000-0000-7000-8000-00000000b0b0", "customer"),
    Caller("01900000-0000-7000-8000-00000000ad00", "admin"),
)
PRICE = 1_999


def config(data: Path, url: str = "") -> Config:
    return settings.load({"TRADEWIND_DATA": str(data), "TRADEWIND_DATABASE_URL": url})


class Shop:
    """A platform in this process, without an edge. What it has done is named by the order's id."""

    def __init__(self, config: Config, hooks: Hooks = NO_HOOKS) -> None:
        config.data.mkdir(exist_ok=True)
        migrate(config)
        clock = SystemClock(7)
        self.provider = Sandbox(
            config.data / LEDGER, clock=clock.now, random=random.Random(7), timeout_s=0.05, commit_inline=True
        )
        self.platform: Platform = platform(
            config, open_store(config.database_url, config.data), clock, self.provider, hooks=hooks
        )
        self.tea = ""

    async def __aenter__(self) -> Shop:
        await self.platform.start()
        self.tea = (await self.ask(AddProduct("TEA", "Tea", Price(PRICE, "EUR"), 100), ADMIN))["id"]
        await self.ask(AdjustStock(self.tea, 5, "found behind the shelf"), ADMIN)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.platform.stop()
        await self.provider.close()

    async def ask(self, message: Request, caller: Caller = BUYER) -> dict[str, Any]:
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.platform.submit(
            message, caller, reply.set_result, claim=f"claim-{self.platform.clock.uuid()}", fingerprint="f"
        )
        answer = await asyncio.wait_for(reply, 60)
        assert not answer.status, answer.body
        found: dict[str, Any] = msgspec.json.decode(answer.body)
        return found

    async def place(self, token: str = "tok_ok", quantity: int = 2) -> str:
        made = await self.ask(PlaceOrder((Item(quantity, self.tea),), PaymentBy(token)))
        return str(made["id"])

    async def order(self, token: str = "tok_ok", quantity: int = 2) -> str:
        """Placed, and waited for until it is final."""
        placed = await self.place(token, quantity)
        await self.until(placed, "status", "CONFIRMED", "FAILED")
        return placed

    async def until(self, order: str, field: str, *values: str) -> None:
        async with asyncio.timeout(60):
            while getattr(await self.platform.ask(GetOrder(order), ADMIN), field) not in values:
                await asyncio.sleep(0.01)
        while self.platform.processor.busy or self.platform.runner.running:
            await asyncio.sleep(0.01)


async def trade(shop: Shop) -> dict[str, str]:
    """One order of each kind."""
    made = {"first": await shop.order(), "confirmed": await shop.order()}
    made["declined"] = await shop.order("tok_declined")
    made["short"] = await shop.order(quantity=9_999)
    made["lost"] = await shop.order("tok_charged_no_answer")
    made["refunded"] = await shop.order()
    await shop.ask(RefundPayment(made["refunded"], "a dent", Money(500, "EUR")), ADMIN)
    await shop.until(made["refunded"], "payment_status", "partially_refunded")
    made["cancelled"] = await shop.order()
    await shop.ask(CancelOrder(made["cancelled"]))
    await shop.until(made["cancelled"], "payment_status", "refunded")
    made["last"] = await shop.order()
    return made


def spoil(data: Path, *statements: str, file: str = "tradewind.db", **values: str) -> None:
    """Changes what lies in the store behind everybody's back."""
    with sqlite3.connect(data / file) as db:
        db.execute("PRAGMA ignore_check_constraints = 1")
        for statement in statements:
            assert db.execute(statement, values).rowcount > 0, statement
    db.close()


def red(report: Report) -> dict[str, list[str]]:
    """The lines that are not well, with the ids that they name."""
    assert report.ok == all([finding.ok for finding in report.findings])
    return {
        finding.name: [broken.id for broken in finding.broken]
        for finding in report.findings
        if not finding.ok
    }
