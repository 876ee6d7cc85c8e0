"""Opens a shop through the public API (products with large stock, buyers who are logged in), so that no
benchmark needs a back door.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass

import msgspec
import uvloop

from benchmarks.client import Client
from benchmarks.processes import Failed

ADMIN = "bench-admin@example.com"
PASSWORD = "Bench-Mark-2026-" + os.urandom(6).hex()
STOCK = 100_000_000


@dataclass(frozen=True)
class Shop:
    admin: str
    products: list[str]
    buyers: list[str]
    emails: list[str]


async def call(
    client: Client, method: str, path: str, body: dict[str, object] | None = None, token: str = ""
) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if method == "POST":
        headers["Idempotency-Key"] = os.urandom(12).hex()
    reply = await client.request(
        method, path, headers=headers, body=msgspec.json.encode(body) if body else b""
    )
    if reply.status >= 400:
        raise Failed(f"{method} {path} answered {reply.status}: {reply.body[:400].decode(errors='replace')}")
    return reply.json()


async def log_in(client: Client, email: str, password: str) -> str:
    return str(
        (await call(client, "POST", "/api/v1/auth/login", {"email": email, "password": password}))[
            "accessToken"
        ]
    )


async def register(client: Client, email: str) -> str:
    await call(
        client, "POST", "/api/v1/auth/register", {"email": email, "name": "Bench Buyer", "password": PASSWORD}
    )
    return await log_in(client, email, PASSWORD)


async def add_product(client: Client, admin: str, sku: str) -> str:
    price = {"amount": 1999, "currency": "EUR"}
    made = await call(
        client,
        "POST",
        "/api/v1/products",
        {"sku": sku, "name": f"Thing {sku}", "price": price, "stock": STOCK},
        admin,
    )
    return str(made["id"])


def open_shop(port: int, admin_password: str, *, products: int = 50, buyers: int = 16) -> Shop:
    async def opening() -> Shop:
        run = os.urandom(4).hex()
        async with Client(port, limit=8) as client:
            admin = await log_in(client, ADMIN, admin_password)
            goods = await asyncio.gather(
                *(add_product(client, admin, f"B{run}-{number}".upper()) for number in range(products))
            )
            emails = [f"buyer-{run}-{number}@example.com" for number in range(buyers)]
            tokens = await asyncio.gather(*(register(client, email) for email in emails))
        return Shop(admin, list(goods), list(tokens), emails)

    return uvloop.run(opening())


def log_in_again(port: int, admin_password: str, shop: Shop) -> Shop:
    """Fresh tokens for the same people: a long benchmark outlives the first ones."""

    async def again() -> Shop:
        async with Client(port, limit=8) as client:
            admin = await log_in(client, ADMIN, admin_password)
            tokens = await asyncio.gather(*(log_in(client, email, PASSWORD) for email in shop.emails))
        return Shop(admin, shop.products, list(tokens), shop.emails)

    return uvloop.run(again())


def get(port: int, path: str, token: str) -> dict[str, object]:
    async def getting() -> dict[str, object]:
        async with Client(port) as client:
            return await call(client, "GET", path, token=token)

    return uvloop.run(getting())
