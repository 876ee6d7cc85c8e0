"""A collector that is dead, slow, full or wrong costs spans, and neither the work nor the end of a process
waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from tests.observability.exporting import exporter, fill, until
from tests.support.collector import Collector

SOON = {"retry-after": "0.01"}


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_what_may_be_sent_again_is(status: int, caplog: pytest.LogCaptureFixture) -> None:
    async with Collector() as collector:
        collector.answers = [(status, SOON, b"")] * 3
        ours = exporter(collector)
        with caplog.at_level(logging.INFO):
            fill(ours, 3)
            await collector.has(3)
            await until(lambda: not ours.waiting)
            await ours.stop()
        assert len(collector.requests) == 4
    assert (ours.exported, ours.dropped, ours.trouble) == (3, 0, "")
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
    assert len(lines) == 2, "one line when it begins, one when it is over"
    assert collector.url in lines[0] and "again" in lines[1]


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500])
async def test_a_refusal_is_final_and_said_once(status: int, caplog: pytest.LogCaptureFixture) -> None:
    async with Collector() as collector:
        collector.answers = [(status, {}, b"")] * 3
        ours = exporter(collector)
        with caplog.at_level(logging.INFO):
            for lost in (2, 4, 6):
                fill(ours, 2)
                await until(lambda lost=lost: ours.dropped == lost)  # type: ignore[misc]
            await ours.stop()
        assert len(collector.requests) == 3
    assert (ours.exported, ours.dropped) == (0, 6)
    (line,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
    assert str(status) in line


async def test_after_a_lost_batch_the_next_one_is_sent() -> None:
    async with Collector() as collector:
        collector.answers = [(400, {}, b"")]
        ours = exporter(collector)
        fill(ours, 2)
        await until(lambda: ours.dropped == 2)
        fill(ours, 4)
        await collector.has(4)
        await ours.stop()
    assert (ours.exported, ours.dropped) == (4, 2)


async def test_the_pause_that_a_collector_asks_for_does_not_hold_up_the_end() -> None:
    async with Collector() as collector:
        collector.answers = [(429, {"retry-after": "8"}, b"")]
        ours = exporter(collector)
        fill(ours, 1)
        await until(lambda: ours.trouble != "")
        fill(ours, 1)
        assert (len(collector.requests), ours.waiting) == (1, 2)
        began = time.monotonic()
        await ours.stop(20.0)
        assert time.monotonic() - began < 7
    assert (ours.exported, ours.dropped, ours.waiting) == (0, 2, 0)


async def test_a_collector_that_is_dead_costs_spans_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    async with Collector() as gone:
        pass
    ours = exporter(gone, batch=8, bound=8)
    with caplog.at_level(logging.INFO):
        for _ in range(20):
            fill(ours, 5)
            await asyncio.sleep(0.002)
        await until(lambda: ours.trouble != "")
        began = time.monotonic()
        await ours.stop(20.0)
        assert time.monotonic() - began < 7, "the end does not wait for the next try"
    assert (ours.exported, ours.dropped, ours.waiting) == (0, 100, 0)
    (line,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
    assert "refused" in line


async def test_a_collector_that_never_answers_holds_up_neither_the_work_nor_the_end() -> None:
    async with Collector() as collector:
        collector.hangs = True
        ours = exporter(collector, batch=8, bound=8)
        fill(ours, 5)
        await collector.asked(1)
        fill(ours, 50)
        assert ours.waiting == 8
        async with asyncio.timeout(8):
            await ours.stop(0.05)
    assert (ours.exported, ours.dropped, ours.waiting) == (0, 55, 0)


async def test_a_hanging_collector_is_given_up_in_its_time() -> None:
    async with Collector() as collector:
        collector.hangs = True
        ours = exporter(collector, environment={"OTEL_EXPORTER_OTLP_TIMEOUT": "20"})
        fill(ours, 5)
        await until(lambda: ours.dropped == 5)
        await ours.stop()


async def test_an_answer_that_is_no_http_is_trouble_and_no_crash() -> None:
    async def mumble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 smtp ready\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(mumble, "localhost", 0)
    async with server:
        ours = exporter(f"http://localhost:{server.sockets[0].getsockname()[1]}")
        fill(ours, 1)
        await ours.stop()
    assert ours.dropped == 1 and ours.trouble


async def test_a_batch_that_cannot_be_written_does_not_end_the_exporter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: object) -> None:
        raise TypeError("a bug")

    async with Collector() as collector:
        ours = exporter(collector)
        with monkeypatch.context() as broken:
            broken.setattr(ours._sender, "export", fails)
            fill(ours, 2)
            await until(lambda: ours.dropped == 2)
        fill(ours, 3)
        await collector.has(3)
        await ours.stop()
    assert (ours.exported, ours.dropped) == (3, 2)


async def test_a_span_while_the_process_ends_is_counted() -> None:
    async with Collector() as collector:
        ours = exporter(collector)
        fill(ours, 1)
        await ours.stop()
        fill(ours, 2)
    assert (ours.exported, ours.dropped, ours.waiting) == (1, 2, 0)
