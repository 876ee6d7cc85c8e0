"""Says what an order request looks like at each server, so that wrk and the Python client send the very same
ones.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from benchmarks.client import Client, Reply
from benchmarks.processes import Failed

_runs = itertools.count(1)


def run_id() -> str:
    """Never the same twice, also not between two starts on the same data."""
    return f"b{os.urandom(4).hex()}{next(_runs)}"


@dataclass(frozen=True)
class Orders:
    """How to place an order: where, under which header the key goes, who asks, and for what."""

    path: str
    key_header: str
    bodies: Sequence[str]
    tokens: Sequence[str] = ()

    def environment(self, folder: Path) -> dict[str, str]:
        """What wrk/place.lua reads."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tokens").write_text("\n".join(self.tokens))
        (folder / "bodies").write_text("\n".join(self.bodies))
        return {
            "ORDERS_PATH": self.path,
            "KEY_HEADER": self.key_header,
            "RUN_ID": run_id(),
            "TOKENS": str(folder / "tokens"),
            "BODIES": str(folder / "bodies"),
        }

    def token(self, number: int) -> str:
        return self.tokens[number % len(self.tokens)] if self.tokens else ""

    def caller(self, number: int) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(number)}"} if self.tokens else {}

    async def place(self, client: Client, run: str, number: int) -> Reply:
        headers = self.caller(number) | {self.key_header: f"{run}-{number}"}
        return await client.request(
            "POST", self.path, headers=headers, body=self.bodies[number % len(self.bodies)].encode()
        )

    def place_many(self, port: int, count: int, concurrency: int = 64) -> list[tuple[str, str]]:
        """Places that many; gives the id of each with the token of its owner."""
        return uvloop.run(self._place_many(port, count, concurrency))

    async def _place_many(self, port: int, count: int, concurrency: int) -> list[tuple[str, str]]:
        run, numbers, placed = run_id(), iter(range(count)), list[tuple[str, str]]()

        async def caller(client: Client) -> None:
            for number in numbers:
                reply = await self.place(client, run, number)
                if reply.status != 201:
                    raise Failed(
                        f"POST {self.path} answered {reply.status}: "
                        f"{reply.body[:300].decode(errors='replace')}"
                    )
                placed.append((order_id(reply), self.token(number)))

        async with Client(port) as client, asyncio.TaskGroup() as callers:
            for _ in range(concurrency):
                callers.create_task(caller(client))
        return placed


def order_id(reply: Reply) -> str:
    found = reply.json()
    inner = found.get("data", found)
    assert isinstance(inner, dict)
    return str(inner["id"])
