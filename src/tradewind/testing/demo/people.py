"""Makes the goods and the buyers of a demo through the public API, new ones each time, so that it can be run
again on any shop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from .persistence import Client

GOODS = {
    "TEA": ("Darjeeling, 100 g", 1_290),
    "POT": ("Teapot", 3_900),
    "CUP": ("Cup and saucer", 1_450),
    "TIN": ("Tin", 990),
}
RARE = ("Tea caddy, the last ones", 24_900)
PLENTY = 1_000_000
SIGNING_UP_AT_ONCE = 8  # each costs the platform two password hashes


class Unwelcome(Exception):
    """The shop does not let us do what a demo needs."""


class Buyer(msgspec.Struct):
    email: str
    password: str
    token: str = ""


async def stock(client: Client, token: str, run: str, few: int) -> tuple[list[str], str]:
    """The ids of goods of which there is plenty, and of one of which there are `few`."""

    async def make(sku: str, name: str, price: int, pieces: int) -> str:
        body = {
            "sku": f"{sku}-{run}",
            "name": name,
            "price": {"amount": price, "currency": "EUR"},
            "stock": pieces,
        }
        answer = await client.ask("POST", "/api/v1/products", body, token=token, key=f"demo-{run}-{sku}")
        if answer.status != 201:
            raise Unwelcome(f"{client.http.url} does not let us add a product: {answer.status} {answer.code}")
        return str(answer.body["id"])

    plenty = [await make(sku, name, price, PLENTY) for sku, (name, price) in GOODS.items()]
    return plenty, await make("RARE", *RARE, few)


async def buyers(client: Client, run: str, count: int, joined: Callable[[], None]) -> list[Buyer]:
    """Registered and logged in."""
    gate = asyncio.Semaphore(SIGNING_UP_AT_ONCE)

    async def join(number: int) -> Buyer:
        buyer = Buyer(f"buyer-{number}.{run}@example.com", f"{run} likes tea {number}")
        async with gate:
            body = {"email": buyer.email, "name": f"Buyer {number}", "password": buyer.password}
            answer = await client.ask("POST", "/api/v1/auth/register", body, key=f"demo-{run}-{number}")
            # taken: by us, before the answer was lost
            if answer.status != 201 and answer.code != "email_taken":
                raise Unwelcome(f"{client.http.url} does not let us register: {answer.status} {answer.code}")
            await log_in(client, buyer)
        joined()
        return buyer

    return await together([join(number) for number in range(count)])


async def log_in(client: Client, buyer: Buyer) -> None:
    answer = await client.ask(
        "POST", "/api/v1/auth/login", {"email": buyer.email, "password": buyer.password}
    )
    if answer.status != 200:
        raise Unwelcome(f"{client.http.url} does not let {buyer.email} in: {answer.status} {answer.code}")
    buyer.token = str(answer.body["accessToken"])


async def together(work: list[Awaitable[Any]]) -> list[Any]:
    """All of them, or the first error, with the others stopped."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
