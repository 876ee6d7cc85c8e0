"""A collector that is dead, slow, full or wrong costs spans, and neither the work nor the end of a process
waits for it.
"""

from __future__ import annotations

import asyncio
import logging

import msgspec
import pytest

from tests.observability.exporting import exporter, fill, until
from tests.support.collector import Collector
from tradewind.observability import otlp
from tradewind.observability.exporter import TRIES


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_what_may_be_sent_again_is(status: int, caplog: pytest.LogCaptureFixture) -> None:
    async with Collector() as collector:
        collector.answers = [(status, {}, b"")] * (TRIES - 1)
        ours = exporter(collector)
        with caplog.at_level(logging.INFO, "tradewind.tracing"):
            ours.start()
            fill(ours, 3)
            await collector.has(3)
            await ours.stop()
        assert len(collector.requests) == TRIES
    assert (ours.exported, ours.dropped, ours.trouble) == (3, 0, "")
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2, "one line when it begins, one when it is over"
    assert f"it answers {status}" in lines[0] and "again" in lines[1]


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500])
async def test_a_refusal_is_final_and_said_once(status: int, caplog: pytest.LogCaptureFixture) -> None:
    async with Collector() as collector:
        collector.answers = [(status, {}, b"")] * 3
        ours = exporter(collector)
        ours.start()
        for lost in (2, 4, 6):
            fill(ours, 2)
            await until(lambda lost=lost: ours.dropped == lost)  # type: ignore[misc]
        await ours.stop()
        assert len(collector.requests) == 3
    assert (ours.exported, ours.dropped) == (0, 6)
    assert len(caplog.records) == 1


async def test_it_gives_up_after_some_tries_and_goes_on_with_the_next() -> None:
    async with Collector() as collector:
        collector.answers = [(503, {}, b"")] * TRIES
        ours = exporter(collector)
        ours.start()
        fill(ours, 2)
        await until(lambda: ours.dropped == 2)
        fill(ours, 4)
        await collector.has(4)
        await ours.stop()
    assert (ours.exported, ours.dropped) == (4, 2)


async def test_the_pause_that_a_collector_asks_for_is_kept() -> None:
    async with Collector() as collector:
        collector.answers = [(429, {"retry-after": "1000000"}, b"")]
        ours = exporter(collector)
        ours.start()
        fill(ours, 1)
        await collector.asked(1)
        fill(ours, 1)
        await asyncio.sleep(0.1)  # our own pause would have been a millisecond
        assert len(collector.requests) == 1
        await ours.stop()  # the end waits for nobody's pause
    assert ours.exported == 2


async def test_spans_that_a_collector_rejects_are_dropped_spans() -> None:
    async with Collector() as collector:
        collector.answers = [
            (
                200,
                {},
                msgspec.json.encode({"partialSuccess": {"rejectedSpans": "2", "errorMessage": "too old"}}),
            )
        ]
        ours = exporter(collector)
        ours.start()
        fill(ours, 5)
        await ours.stop()
    assert (ours.exported, ours.dropped) == (3, 2)
    assert "too old" in ours.trouble


@pytest.mark.parametrize(
    "body", [b"", b"\x00\x01", b"[]", b'{"partialSuccess":7}', b'{"partialSuccess":{"rejectedSpans":"x"}}']
)
def test_an_answer_that_cannot_be_read_rejects_nothing(body: bytes) -> None:
    assert otlp.rejected(body) == (0, "")


async def test_a_collector_that_is_dead_costs_spans_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    async with Collector() as gone:
        pass
    ours = exporter(gone, bound=8)
    ours.start()
    for _ in range(20):
        fill(ours, 5)
        await asyncio.sleep(0.002)
    await ours.stop()
    assert ours.exported == 0 and ours.dropped == 100 and ours.waiting == 0
    assert len(caplog.records) == 1


async def test_a_collector_that_never_answers_holds_up_neither_the_work_nor_the_end() -> None:
    async with Collector() as collector:
        collector.hangs = True
        ours = exporter(collector, bound=8)
        ours.start()
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
        ours.start()
        fill(ours, 5)
        await until(lambda: ours.dropped == 5)
        assert "no answer within 0.02 s" in ours.trouble
        await ours.stop()
    assert len(collector.requests) == TRIES


async def test_what_is_no_http_is_trouble_and_no_crash() -> None:
    async def mumble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 smtp ready\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(mumble, "localhost", 0)
    async with server:
        ours = exporter(f"http://localhost:{server.sockets[0].getsockname()[1]}")
        ours.start()
        fill(ours, 1)
        await ours.stop()
    assert ours.dropped == 1 and "not HTTP" in ours.trouble


async def test_a_batch_that_cannot_be_written_does_not_end_the_exporter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: object) -> bytes:
        raise TypeError("a bug")

    async with Collector() as collector:
        ours = exporter(collector)
        ours.start()
        with monkeypatch.context() as broken:
            broken.setattr(otlp, "encode", fails)
            fill(ours, 2)
            await until(lambda: ours.dropped == 2)
        fill(ours, 3)
        await collector.has(3)
        await ours.stop()
    assert (ours.exported, ours.dropped) == (3, 2)
