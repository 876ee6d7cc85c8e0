"""Runs a Node program that is spoken to in lines of JSON, and says what both sides of the nine patterns are
expected to answer.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import subprocess
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.support.needs import NODE, unmet
from tradewind.core.request_queue import Ask

ANSWER_S = 60.0
INSTALL_S = 300
HERE = Path(__file__).resolve().parent
PEER = HERE.parents[1] / "benchmarks" / "peers" / "nestjs-rpc"

ORDER, PRODUCT, PAYMENT = "order_queue", "inventory_queue", "payment_queue"
QUEUES = (ORDER, PRODUCT, PAYMENT)
LOST = "00000000-0000-0000-0000-000000000000"
ITEMS = [{"productId": "7f0b8a52-3f43-4a50-9c5a-8c2b3f0b8a52", "quantity": 2, "price": 19.99}]

# queue, pattern, data, what comes back: a value, or {"err": …}
PUBLISHED: list[tuple[str, str, Any, Any]] = [
    (
        ORDER,
        "create_order",
        {"dto": {"items": ITEMS, "total": 39.98}, "idempotencyKey": "k-1", "lang": "en"},
        {"id": "made", "status": "PENDING", "dto": {"items": ITEMS, "total": 39.98}, "idempotencyKey": "k-1"},
    ),
    (
        ORDER,
        "create_order",
        {"dto": {"items": ITEMS, "total": 39.98}, "lang": "de"},
        {"id": "made", "status": "PENDING", "dto": {"items": ITEMS, "total": 39.98}, "idempotencyKey": None},
    ),
    (
        ORDER,
        "create_order",
        {"dto": {"items": [], "total": 0}, "lang": "en"},
        {
            "err": {
                "message": ["items must contain at least 1 elements"],
                "error": "Bad Request",
                "statusCode": 400,
            }
        },
    ),
    (ORDER, "get_order_by_id", {"id": "7", "lang": "en"}, {"id": "7"}),
    (
        ORDER,
        "get_order_by_id",
        {"id": LOST, "lang": "de"},
        {"err": {"message": f"{LOST} nicht gefunden: Größe", "statusCode": 404}},
    ),
    (ORDER, "get_orders", {"page": 1, "perPage": 10}, {"data": [], "meta": {"page": 1, "perPage": 10}}),
    (
        PRODUCT,
        "create_product",
        {"dto": {"name": "Tee \U0001f375", "sku": "T-1", "stock": 5}},
        {
            "id": "made",
            "status": "PENDING",
            "dto": {"name": "Tee \U0001f375", "sku": "T-1", "stock": 5},
            "idempotencyKey": None,
        },
    ),
    (PRODUCT, "get_product_by_id", {"id": "7", "lang": "en"}, {"id": "7"}),
    (PRODUCT, "get_products", {"page": 2, "perPage": 5}, {"data": [], "meta": {"page": 2, "perPage": 5}}),
    (
        PAYMENT,
        "create_payment",
        {"dto": {"orderId": "7", "amount": 0.1}, "idempotencyKey": "k-2", "lang": "en"},
        {"id": "made", "status": "PENDING", "dto": {"orderId": "7", "amount": 0.1}, "idempotencyKey": "k-2"},
    ),
    (
        PAYMENT,
        "get_payment_by_id",
        {"id": LOST, "lang": "de"},
        {"err": {"message": f"{LOST} nicht gefunden: Größe", "statusCode": 404}},
    ),
    (PAYMENT, "get_payments_by_order_id", {"orderId": "7"}, [{"orderId": "7"}]),
]


def installed(folder: Path = PEER, package: str = "@nestjs/microservices", need: str = NODE) -> Path:
    """The packages. Where every test must run they are installed from the lock file, elsewhere their lack
    skips the test. `package` is one of those in the folder.
    """
    found = folder / "node_modules"
    if shutil.which("node") is None:
        unmet(need)
    with (folder / "package-lock.json").open() as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # another worker may install them now
        _install(found, package, need)
    return found


def _install(found: Path, package: str, need: str) -> None:
    if not (found / package).is_dir():
        if os.environ.get("TRADEWIND_REQUIRE_SERVICES") != "1":
            unmet(need)
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=found.parent, capture_output=True, text=True, timeout=INSTALL_S)
        if done.returncode:
            unmet(f"npm ci failed in {found.parent}: {done.stderr[-500:]}")


class Program:
    def __init__(self, process: Process) -> None:
        self.process = process

    @classmethod
    @asynccontextmanager
    async def run(cls, modules: Path, script: str, *words: str) -> AsyncIterator[Program]:
        env = {**os.environ, "NODE_PATH": str(modules)}
        process = await asyncio.create_subprocess_exec(
            "node", str(HERE / script), *words, stdin=PIPE, stdout=PIPE, env=env, limit=32 << 20
        )
        try:
            yield cls(process)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def tell(self, **said: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(said).encode() + b"\n")

    async def hear(self) -> Any:
        assert self.process.stdout is not None
        async with asyncio.timeout(ANSWER_S):
            return json.loads(await self.process.stdout.readline() or b'{"gone": true}')

    async def say(self, **said: Any) -> Any:
        self.tell(**said)
        return await self.hear()


def _write(ask: Ask) -> None:
    data = msgspec.json.decode(ask.data)
    if data["dto"].get("items") == []:
        err = {
            "message": ["items must contain at least 1 elements"],
            "error": "Bad Request",
            "statusCode": 400,
        }
        ask.refuse(msgspec.json.encode(err))
        return
    made = {
        "id": "made",
        "status": "PENDING",
        "dto": data["dto"],
        "idempotencyKey": data.get("idempotencyKey"),
    }
    ask.answer(msgspec.json.encode(made))


def _by_id(ask: Ask) -> None:
    asked = msgspec.json.decode(ask.data)["id"]
    if asked == LOST:
        ask.refuse(msgspec.json.encode({"message": f"{asked} nicht gefunden: Größe", "statusCode": 404}))
    else:
        ask.answer(msgspec.json.encode({"id": asked}))


def _page(ask: Ask) -> None:
    ask.answer(msgspec.json.encode({"data": [], "meta": msgspec.json.decode(ask.data)}))


def _of_order(ask: Ask) -> None:
    ask.answer(msgspec.json.encode([msgspec.json.decode(ask.data)]))


HANDLERS: dict[str, dict[str, Callable[[Ask], None]]] = {
    ORDER: {"create_order": _write, "get_order_by_id": _by_id, "get_orders": _page},
    PRODUCT: {"create_product": _write, "get_product_by_id": _by_id, "get_products": _page},
    PAYMENT: {"create_payment": _write, "get_payment_by_id": _by_id, "get_payments_by_order_id": _of_order},
}
"""Stand-ins, the same as in answers.js: what matters here is the wire."""
