"""Stands in for wrk where a test runs a benchmark for a second: what it proves is that the benchmark starts, ends
and counts, and a rate of wrk is no part of that.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import uvloop

from benchmarks.client import Client
from benchmarks.load import Load
from benchmarks.openloop import percentile

Request = tuple[str, str, dict[str, str], bytes]


def wrk(
    script: str, port: int, env: Mapping[str, str], *, seconds: float, connections: int, cores: str = ""
) -> Load:
    """As benchmarks.load.wrk."""
    ask = {"place": placing, "read": reading, "graphql": asking}[script](env)
    return uvloop.run(_load(ask, port, 201 if script == "place" else 200, seconds, connections))


def placing(env: Mapping[str, str]) -> Iterator[Request]:
    tokens, bodies = lines(env["TOKENS"]) or [""], lines(env["BODIES"])

    def one(number: int) -> Request:
        token, body = tokens[number % len(tokens)], bodies[number % len(bodies)]
        headers = {env["KEY_HEADER"]: f"{env['RUN_ID']}-{number}"} | caller(token)
        return "POST", env["ORDERS_PATH"], headers, body.encode()

    return map(one, itertools.count(1))


def reading(env: Mapping[str, str]) -> Iterator[Request]:
    def one(line: str) -> Request:
        path, _, token = line.partition(" ")
        return "GET", path, caller(token), b""

    return map(one, itertools.cycle(lines(env["READS"])))


def asking(env: Mapping[str, str]) -> Iterator[Request]:
    def one(body: str) -> Request:
        return "POST", "/graphql", {}, body.encode()

    return map(one, itertools.cycle(lines(env["BODIES"])))


def caller(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


async def _load(requests: Iterator[Request], port: int, usual: int, seconds: float, connections: int) -> Load:
    began, end = time.perf_counter(), time.perf_counter() + seconds
    took, counts = list[float](), {"refused": 0, "broken": 0, "other": 0}

    async def ask(client: Client) -> None:
        while time.perf_counter() < end:
            method, path, headers, body = next(requests)
            start = time.perf_counter()
            try:
                reply = await client.request(method, path, headers=headers, body=body)
            except OSError:
                counts["broken"] += 1
                await asyncio.sleep(0.01)
                continue
            took.append((time.perf_counter() - start) * 1000)
            counts["refused"] += reply.status >= 400
            counts["other"] += reply.status != usual or b'"errors"' in reply.body

    async with Client(port) as client, asyncio.TaskGroup() as callers:
        for _ in range(connections):
            callers.create_task(ask(client))
    rate = len(took) / (time.perf_counter() - began)
    return Load(rate, len(took), percentile(took or [0], 50), percentile(took or [0], 99), **counts)
