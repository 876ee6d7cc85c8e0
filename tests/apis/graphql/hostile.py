"""Sends what would exhaust or break a GraphQL gateway, from a seed: alias bombs, deep nesting, cycles of
fragments, huge variables, broken UTF-8, wrong media types; meanwhile a polite client asks and its times are
taken.

`python -m tests.apis.graphql.hostile http://127.0.0.1:3000 --requests 100000 --pid PID` prints what came of it; the
gateway runs with TRADEWIND_RATE_LIMIT=0.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import aiohttp

PATH, JSON = "/graphql", "application/json"
POLITE = json.dumps({"query": "{ userName(id: 1) }"}).encode()
MOST_SLOWER = 3.0
LEAST_S = 0.05
"""A p99 below it is not called slow, whatever it is compared with."""


class Attack(NamedTuple):
    method: str
    query: str
    body: bytes
    headers: dict[str, str]


def _post(text: str, **more: object) -> Attack:
    return Attack("POST", "", json.dumps({"query": text, **more}).encode(), {"content-type": JSON})


def _aliases(chance: random.Random) -> Attack:
    fields = " ".join(
        f"a{n}: createOrder(userId: 1, productId: 1, quantity: 1)"
        for n in range(31, 31 + chance.randrange(900))
    )
    return _post(f"mutation {{ x: createOrder(userId: 1, productId: 1, quantity: 0) {fields} }}")


def _deep(chance: random.Random) -> Attack:
    depth = chance.randrange(9, 3_000)
    return _post("{" + "a{" * depth + "b" + "}" * depth + "}")


def _introspection(chance: random.Random) -> Attack:
    depth = chance.randrange(5, 60)
    return _post("{__schema{types{" + "fields{type{" * depth + "name" + "}}" * depth + "}}}")


def _cycle(chance: random.Random) -> Attack:
    count = chance.randrange(1, 60)
    parts = " ".join(f"fragment F{n} on Order {{ id ...F{(n + 1) % count} }}" for n in range(count))
    return _post(f"{{ order(id: 1) {{ ...F0 }} }} {parts}")


def _wide(chance: random.Random) -> Attack:
    count, wide = chance.randrange(2, 9), chance.randrange(2, 45)
    inner = " ".join(f"z{n}{{...F%d}}" for n in range(wide))
    parts = " ".join(f"fragment F{n} on Order{{{inner.replace('%d', str(n + 1))}}}" for n in range(count))
    return _post(f"{{ order(id: 1) {{ ...F0 }} }} {parts}")


def _repeated(chance: random.Random) -> Attack:
    word = chance.choice(("id ", "user{name} ", "id @include(if: true) ", "... on Order{id} ", "nothing "))
    return _post("{ order(id: 1) {" + word * chance.randrange(100, 2_500) + "} }")


def _variables(chance: random.Random) -> Attack:
    huge = "x" * chance.randrange(10_000, 150_000)
    return _post(
        "query($id: Float!) { userName(id: $id) }",
        variables={"id": chance.choice((huge, [huge], {"a": huge}, 1e308))},
    )


def _nested_variables(chance: random.Random) -> Attack:
    depth = chance.randrange(100, 20_000)
    body = b'{"query":"{userName(id:1)}","variables":{"a":' + b"[" * depth + b"]" * depth + b"}}"
    return Attack("POST", "", body, {"content-type": JSON})


def _broken(chance: random.Random) -> Attack:
    body = bytearray(POLITE)
    for _ in range(chance.randrange(1, 6)):
        body[chance.randrange(len(body))] = chance.randrange(256)
    return Attack("POST", "", bytes(body), {"content-type": JSON})


def _noise(chance: random.Random) -> Attack:
    return Attack("POST", "", chance.randbytes(chance.randrange(2_000)), {"content-type": JSON})


def _media(chance: random.Random) -> Attack:
    kind = chance.choice(
        (
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/xml",
            JSON + "x",
            "x",
            JSON + ";charset=latin-1",
        )
    )
    accept = chance.choice(
        ("*/*", "text/event-stream", "image/png", "application/graphql-response+json", ";;;")
    )
    return Attack(
        chance.choice(("POST", "PUT", "GET", "DELETE")), "", POLITE, {"content-type": kind, "accept": accept}
    )


def _get(chance: random.Random) -> Attack:
    query = chance.choice(
        (
            "%FF",
            "%7B",
            "%7BuserName(id:1)%7D&variables=[",
            "%7BuserName(id:1)%7D&variables=" + "%5B" * 500,
            "a" * 3_000,
        )
    )
    return Attack("GET", "?query=" + query, b"", {"content-type": JSON})


def _numbers(chance: random.Random) -> Attack:
    number = chance.choice(
        ("1e308", "-0", "99999999999999999999999", "0.1", "1e-400", "2147483648", "9" * 4_000)
    )
    return _post(f"{{ userName(id: {number}) getOrder(id: {number}) }}")


def _unicode(chance: random.Random) -> Attack:
    return _post(
        "{ userName(id: 1) } # "
        + "".join(chr(chance.choice((0, 7, 0x202E, 0xFEFF, 0x10FFFF, 0xFFFF))) for _ in range(200))
    )


ATTACKS: tuple[Callable[[random.Random], Attack], ...] = (
    _aliases,
    _deep,
    _introspection,
    _cycle,
    _wide,
    _repeated,
    _variables,
    _nested_variables,
    _broken,
    _noise,
    _media,
    _get,
    _numbers,
    _unicode,
)


class Came(NamedTuple):
    """`quiet` and `meanwhile`: the p99 of the polite client, in seconds. `grown`: bytes of memory."""

    statuses: Counter[int]
    lost: int
    quiet: float
    meanwhile: float
    grown: int

    @property
    def failed(self) -> list[str]:
        found = [f"{count} answers {status}" for status, count in self.statuses.items() if status >= 500]
        if self.meanwhile > max(LEAST_S, MOST_SLOWER * self.quiet):
            found.append(f"p99 {self.meanwhile:.3f} s, and {self.quiet:.3f} s before")
        return found


async def campaign(url: str, requests: int, *, seed: int = 1, at_once: int = 4, pid: int = 0) -> Came:
    """`at_once`: hostile requests that are under way at a time."""
    chance, statuses, lost = random.Random(seed), Counter[int](), 0
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        quiet = await _polite(session, url, asyncio.Event(), 300)
        left = iter(range(requests))

        async def attack() -> None:
            nonlocal lost
            for _ in left:
                one = chance.choice(ATTACKS)(chance)
                try:
                    async with session.request(
                        one.method, url + PATH + one.query, data=one.body, headers=one.headers
                    ) as answer:
                        await answer.read()
                        statuses[answer.status] += 1
                except aiohttp.ClientError:
                    lost += 1

        begun = memory(pid)
        done = asyncio.Event()
        polite = asyncio.ensure_future(_polite(session, url, done))
        await asyncio.gather(*[attack() for _ in range(at_once)])
        done.set()
        return Came(statuses, lost, quiet, await polite, memory(pid) - begun)


async def _polite(session: aiohttp.ClientSession, url: str, done: asyncio.Event, most: int = 0) -> float:
    """The p99 of its answers, until `done` or after `most` of them."""
    took: list[float] = []
    while not done.is_set() and not (most and len(took) >= most):
        begun = time.perf_counter()
        async with session.post(url + PATH, data=POLITE, headers={"content-type": JSON}) as answer:
            assert (await answer.json())["data"] == {"userName": "Alice Johnson"}
        took.append(time.perf_counter() - begun)
        await asyncio.sleep(0.005)
    return sorted(took)[int(len(took) * 0.99)] if took else 0.0


def memory(pid: int) -> int:
    """Resident, in bytes; 0 without a process."""
    if not pid:
        return 0
    found = [
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")
    ]
    return int(found[0].split()[1]) * 1_024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pid", type=int, default=0, help="of the gateway, whose memory is looked at")
    asked = parser.parse_args()
    came = asyncio.run(campaign(asked.url.rstrip("/"), asked.requests, seed=asked.seed, pid=asked.pid))
    print(f"answers {dict(sorted(came.statuses.items()))}, {came.lost} connections ended")
    print(f"p99 of the polite client {came.quiet * 1e3:.1f} ms, meanwhile {came.meanwhile * 1e3:.1f} ms")
    print(f"memory {came.grown / 1e6:+.1f} MB")
    for why in came.failed:
        print(f"failed: {why}")
    return 1 if came.failed else 0


if __name__ == "__main__":
    sys.exit(main())
