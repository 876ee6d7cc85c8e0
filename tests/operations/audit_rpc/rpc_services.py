"""The services of the blueprint rpc on one shared database, in this process, and no broker: what is said goes
straight to who hears it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.apis.rpc.queues.support import Asked
from tradewind.core.api import Around
from tradewind.core.bus import EventRecord
from tradewind.core.clock import SystemClock
from tradewind.drivers.http.client import PooledClient
from tradewind.engine.platform import Platform
from tradewind.runtime import blueprint as blueprints
from tradewind.runtime import config as settings
from tradewind.runtime import migrations
from tradewind.runtime.config import Config
from tradewind.runtime.databases import database
from tradewind.runtime.processes.plan import FOLDER
from tradewind.runtime.processes.request_queues import served
from tradewind.runtime.registry import SERVICES
from tradewind.runtime.registry import services as made_services
from tradewind.runtime.schema import runs, schemas
from tradewind.runtime.stores import open_store
from tradewind.runtime.topology import Blueprint
from tradewind.services.payments.provider.absent import NoProvider
from tradewind.services.payments.provider.manifest import PROVIDER, ports

PUBLISHED = "rpc"
WIRED = """
[processes.gateway]
apis = { rpc = "http://" }
[processes.orders]
services = ["orders"]
apis = { rpc-queues = "rabbitmq://" }
[processes.inventory]
services = ["inventory"]
apis = { rpc-queues = "rabbitmq://" }
[processes.payments]
services = ["payments", "invoices"]
apis = { rpc-queues = "rabbitmq://" }
[requests]
orders = "rpc-queues"
inventory = "rpc-queues"
payments = "rpc-queues"
[events]
bus = "rabbitmq"
[stores]
host = "${DB_HOST}"
port = "${DB_PORT}"
name = "${DB_NAME}"
user = "${DB_USER}"
orders.schema = "order_schema"
inventory.schema = "inventory_schema"
payments.schema = "payment_schema"
[policies]
pricing = "client"
customers = "any"
products = "any"
access = "open"
[settings]
broker_url = "amqp://guest:guest@127.0.0.1:1"
payment_token = "tok_ok"
"""


def variables(url: str) -> dict[str, str]:
    """As the published system names them."""
    parts = urlsplit(url)
    return {
        "DB_HOST": parts.hostname or "localhost",
        "DB_PORT": str(parts.port or 5432),
        "DB_NAME": parts.path[1:],
        "DB_USER": unquote(parts.username or "postgres"),
        "DB_PASSWORD": unquote(parts.password or ""),
    }


def read(which: str, url: str, data: Path, *sets: str) -> tuple[Config, Blueprint]:
    found = blueprints.load(which, folder=FOLDER, services=SERVICES, environment=variables(url))
    return settings.load({}, found.settings, [f"data={data}", *sets]), found


class Loop:
    """A broker that is always there and loses nothing. `up`: does it take anything; `deaf`: it takes it, and
    tells nobody.
    """

    def __init__(self) -> None:
        self.hearers: list[Callable[[EventRecord], None]] = []
        self.up, self.deaf = True, False

    def publish(self, event: EventRecord, then: Callable[[str], None]) -> bool:
        if not self.up:
            return False
        loop = asyncio.get_running_loop()
        for hear in () if self.deaf else self.hearers:
            loop.call_soon(hear, event)
        loop.call_soon(then, "")
        return True


class RpcServices:
    def __init__(self, config: Config, blueprint: Blueprint) -> None:
        self.config, self.blueprint, self.bus = config, blueprint, Loop()
        names = runs(blueprint)
        migrations.up(config.database_url, config.data, schemas(names), blueprint.schemas)
        clock = SystemClock()
        around = Around(
            settings=config.known,
            policies=blueprint.policies,
            apis=blueprint.apis,
            clock=clock,
            key=bytes,
            secret=str.encode,
            client=PooledClient,
        )
        self.provider = ports(around)[PROVIDER]
        store = open_store(config.database_url, config.data, exclusive=False, schemas=blueprint.schemas)
        self.platform = Platform(
            store,
            made_services(names, config, {PROVIDER: self.provider}, blueprint.policies),
            clock,
            delays_ms=config.retry_delays_ms,
            bus=self.bus,
        )
        self.bus.hearers = [self._subscriber(name) for name in names]
        found = [
            one.handlers
            for process in blueprint.processes
            for name in process.services
            for one in served(name, self.platform, config, process)
        ]
        self.asked = Asked({pattern: handle for some in found for pattern, handle in some.items()})

    def _subscriber(self, service: str) -> Callable[[EventRecord], None]:
        def hear(told: EventRecord) -> None:
            if told.name in self.platform.runtimes[service].heard:
                self.platform.receive(told, service, lambda _: None)

        return hear

    async def __aenter__(self) -> RpcServices:
        if not isinstance(self.provider, NoProvider):
            self.provider.start()
        await self.platform.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.platform.stop()
        if not isinstance(self.provider, NoProvider):
            await self.provider.close()

    async def product(self, sku: str = "TEA", stock: int = 100) -> str:
        return str(
            (
                await self.asked.answer(
                    "create_product", {"dto": {"name": sku, "sku": sku, "stock": stock, "price": 19.99}}
                )
            )["id"]
        )

    async def order(self, product: str, quantity: int = 2, key: str = "") -> str:
        dto = {
            "items": [{"productId": product, "quantity": quantity, "price": 19.99}],
            "total": round(19.99 * quantity, 2),
        }
        return str(
            (
                await self.asked.answer(
                    "create_order", {"dto": dto, **({"idempotencyKey": key} if key else {})}
                )
            )["id"]
        )

    async def payment(self, order: str, key: str = "") -> str:
        given = {"idempotencyKey": key} if key else {}
        return str(
            (
                await self.asked.answer(
                    "create_payment", {"dto": {"orderId": order, "amount": 39.98}, **given}
                )
            )["id"]
        )

    async def status(self, order: str) -> str:
        return str((await self.asked.answer("get_order_by_id", {"id": order}))["status"])

    async def ended(self, *orders: str) -> None:
        """Waits until they are final and nothing of them is on its way."""
        async with asyncio.timeout(60):
            for order in orders:
                while await self.status(order) == "PENDING":
                    await asyncio.sleep(0.01)
            await self.quiet()

    async def quiet(self) -> None:
        processor = self.platform.processor
        async with asyncio.timeout(60):
            while processor.busy or self.platform.runner.running or await self._unsent():
                await asyncio.sleep(0.02)

    async def _unsent(self) -> int:
        found: Any = (await self.platform.stats())["services"].values()
        return sum([row["outbox"] for row in found])


def clone(url: str, name: str, template: str) -> str:
    """A copy of a database that nobody has open."""
    on_server(url, f"CREATE DATABASE {name} TEMPLATE {template}")
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def on_server(url: str, text: str) -> None:
    database(url, Path()).work(
        lambda connection: connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(text)
    )
