"""One line per request, written together, and a reader that stops reading stops nobody else."""

import asyncio
import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tradewind.observability import access
from tradewind.observability.access import AccessLog
from tradewind.observability.sink import PIECE, Sink

AT = 1_795_253_400_123_456_789


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    os.set_blocking(ends[0], False)
    yield ends
    for end in ends:
        os.close(end)


def written(end: int) -> bytes:
    found = b""
    while True:
        try:
            found += os.read(end, 1 << 20)
        except BlockingIOError:
            return found


def lines(end: int) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written(end).splitlines()]


def request(log: AccessLog, status: int = 201, request_id: str = "r-1") -> None:
    log.write(request_id, "t-1", "POST", "/api/v1/orders", status, 1.23456, "u-1", "192.0.2.7")


def test_a_line_says_all_of_a_request(pipe: tuple[int, int]) -> None:
    request(AccessLog(Sink(pipe[1]), clock=lambda: AT))
    assert lines(pipe[0]) == [
        {
            "ts": "2026-11-21T09:30:00.123Z",
            "level": "info",
            "event": "request",
            "logger": "access",
            "request_id": "r-1",
            "trace_id": "t-1",
            "method": "POST",
            "route": "/api/v1/orders",
            "status": 201,
            "ms": 1.234,
            "caller": "u-1",
            "client": "192.0.2.7",
        }
    ]


async def test_lines_are_written_together(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "EVERY_S", 0.005)
    log = AccessLog(Sink(pipe[1]))
    for number in range(3):
        request(log, request_id=f"r-{number}")
    assert written(pipe[0]) == b""
    await asyncio.sleep(0.05)
    assert [line["request_id"] for line in lines(pipe[0])] == ["r-0", "r-1", "r-2"]
    request(log)
    log.flush()
    assert len(lines(pipe[0])) == 1


async def test_a_full_buffer_does_not_wait(pipe: tuple[int, int]) -> None:
    log = AccessLog(Sink(pipe[1]))
    for _ in range(200):
        request(log)
    assert written(pipe[0]).count(b"\n") > 100


def test_level_leaves_out_what_went_well(pipe: tuple[int, int]) -> None:
    for level in (logging.WARNING, logging.ERROR):
        log = AccessLog(Sink(pipe[1]), level=level)
        request(log, 404)
        request(log, 503)
    assert [(line["status"], line["level"]) for line in lines(pipe[0])] == [(503, "error"), (503, "error")]


def test_half_a_surrogate_is_spelled_out(pipe: tuple[int, int]) -> None:
    for format in ("json", "console"):
        log = AccessLog(Sink(pipe[1]), format)
        request(log, request_id="r\ud800")
        assert b"ud800" in written(pipe[0])


async def test_a_reader_that_stops_costs_lines_and_nothing_else(pipe: tuple[int, int]) -> None:
    sink = Sink(pipe[1], bound=8 * 1024)
    log = AccessLog(sink)
    for number in range(2_000):
        request(log, request_id=str(number))
    log.flush()
    assert log.dropped > 0
    assert sink.kept <= 8 * 1024
    seen = lines(pipe[0])
    log.flush()
    seen += lines(pipe[0])
    kept = [line for line in seen if line["logger"] == "access"]
    assert [int(line["request_id"]) for line in kept] == sorted(int(line["request_id"]) for line in kept)
    assert len(kept) + log.dropped == 2_000
    assert seen[-1]["event"] == "log lines dropped"
    assert sum(line["count"] for line in seen if line["event"] == "log lines dropped") == log.dropped
    assert sink.kept == 0


def test_nobody_reads_any_more() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    log = AccessLog(Sink(writing))
    request(log)
    log.flush()
    os.close(writing)
    request(log)
    log.flush()


def test_a_line_longer_than_a_piece_arrives_whole(pipe: tuple[int, int]) -> None:
    Sink(pipe[1]).write(b"x" * (3 * PIECE) + b"\n")
    assert len(written(pipe[0])) == 3 * PIECE + 1
