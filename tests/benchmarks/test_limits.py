"""Runs the limit programs for a moment: what they leave out must not be the durable rows, or the ratio to
them would flatter us.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
import uvloop

from benchmarks.client import Client, Reply
from benchmarks.options import Options
from benchmarks.servers.limits import IntakeLimit, ReadLimit


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[IntakeLimit]:
    server = IntakeLimit(Options(), tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[ReadLimit]:
    server = ReadLimit(Options(), tmp_path)
    server.start()
    yield server
    server.stop()


def test_an_accepted_order_is_four_rows(intake: IntakeLimit) -> None:
    placed = intake.orders.place_many(intake.port, 100, concurrency=16)
    assert len({number for number, _ in placed}) == intake.stored() == 100
    with closing(sqlite3.connect(intake.database)) as reader:
        for table, least in (("orders", 500), ("inbox", 700), ("log", 600), ("timers", 100)):
            rows = reader.execute(f"SELECT * FROM {table}").fetchall()
            assert len(rows) == 100
            assert sum(len(str(value)) for value in rows[0]) > least


def test_the_barest_reader_answers_from_the_row(reader: ReadLimit) -> None:
    number = reader.fill(3)[1]

    async def get() -> tuple[Reply, Reply]:
        async with Client(reader.port) as client:
            missing = "00000000-0000-4000-8000-000000000000"
            return await client.request("GET", f"/api/v1/orders/{number}"), await client.request(
                "GET", f"/api/v1/orders/{missing}"
            )

    found, missing = uvloop.run(get())
    order = msgspec.json.decode(found.body)
    assert (found.status, order["id"], len(order["items"])) == (200, number, 2)
    assert missing.status == 404
