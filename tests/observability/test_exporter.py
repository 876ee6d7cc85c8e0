"""Spans arrive at a collector as the protocol spells them, in batches, within their bound, and to the last at
the end.
"""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from tests.observability.exporting import exporter, fill, until
from tests.support.collector import Collector
from tradewind.core.clock import SystemClock
from tradewind.observability.metrics import Metrics
from tradewind.observability.traces import BadEndpoint, Tracing
from tradewind.observability.tracing import Tracer, Value


async def test_a_span_arrives_as_the_protocol_spells_it() -> None:
    async with Collector() as collector:
        ours = exporter(
            collector,
            environment={
                "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test%20floor, service.name=other, junk"
            },
        )
        tracer = Tracer("orders", ours.put, 1.0, SystemClock(1))
        span = tracer.start(
            "POST /orders",
            parent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            state="congo=t61",
        )
        assert span is not None
        span.link("7" * 32, "8" * 16)
        said: dict[str, Value] = {
            "http.response.status_code": 504,
            "cached": False,
            "ratio": 0.5,
            "text": "käse \ud800",
        }
        span.end("timeout", **said)
        ours.start()
        (seen,) = await collector.has(1)
        await ours.stop()
    (line, headers, _) = collector.requests[0]
    assert line == "POST /v1/traces HTTP/1.1" and headers["content-type"] == "application/json"
    assert (
        seen["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736" and seen["parentSpanId"] == "00f067aa0ba902b7"
    )
    assert seen["traceState"] == "congo=t61" and seen["links"] == [
        {"traceId": "7" * 32, "spanId": "8" * 16, "flags": 1}
    ]
    assert seen["startTimeUnixNano"] == str(span.began) and int(seen["endTimeUnixNano"]) >= span.began
    assert seen["status"] == {"code": 2, "message": "timeout"}
    assert seen["attributes"] == {
        "http.response.status_code": 504,
        "cached": False,
        "ratio": 0.5,
        "text": "käse \\ud800",
        "error.type": "timeout",
    }
    resource = seen["resource"]
    assert (resource["service.name"], resource["service.version"], resource["service.instance.id"]) == (
        "orders",
        "1.2.3",
        "instance-1",
    )
    assert resource["deployment.environment"] == "test floor"
    assert (ours.exported, ours.dropped, ours.waiting) == (1, 0, 0)


async def test_spans_go_in_batches() -> None:
    async with Collector() as collector:
        ours = exporter(collector, batch=10, every_s=60.0)  # so that only fullness sends
        ours.start()
        fill(ours, 25)
        await until(lambda: ours.exported == 20)
        assert len(collector.requests) == 2 and ours.waiting == 5
        await ours.stop()
        assert len(collector.requests) == 3 and len(collector.spans) == 25  # and the end sends what is left
    assert len({span["spanId"] for span in collector.spans}) == 25


async def test_what_finds_no_room_is_dropped_and_counted() -> None:
    async with Collector() as collector:
        ours = exporter(collector, batch=5, bound=8)
        kept = fill(ours, 20)[:8]
        assert (ours.waiting, ours.dropped) == (8, 12)
        ours.start()
        await ours.stop()
    assert {span["spanId"] for span in collector.spans} == {span.span_id for span in kept}
    assert (ours.exported, ours.dropped) == (8, 12)


async def test_batches_can_be_packed_and_carry_headers() -> None:
    environment = {
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Basic%20YTpi,x-tenant=shop",
    }
    async with Collector() as collector:
        ours = exporter(collector, environment=environment)
        ours.start()
        fill(ours, 100)
        await ours.stop()
    (_, headers, body) = collector.requests[0]
    assert headers["content-encoding"] == "gzip" and len(body) < 100 * 100
    assert (headers["authorization"], headers["x-tenant"]) == ("Basic YTpi", "shop")
    assert len(collector.spans) == 100


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl program to make a certificate")
async def test_a_collector_behind_tls_is_checked(tmp_path: Path) -> None:
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "cert.pem")
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        key,
        "-out",
        certificate,
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
    ]
    subprocess.run(made, check=True, capture_output=True)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    async with Collector(server) as collector:
        trusting = exporter(collector, environment={"OTEL_EXPORTER_OTLP_CERTIFICATE": certificate})
        trusting.start()
        fill(trusting, 2)
        await trusting.stop()
        doubting = exporter(collector)
        doubting.start()
        fill(doubting, 2)
        await doubting.stop()
    assert (trusting.exported, trusting.dropped) == (2, 0)
    assert (doubting.exported, doubting.dropped) == (0, 2) and "certificate" in doubting.trouble.lower()


async def test_a_process_puts_it_together() -> None:
    metrics = Metrics()
    async with Collector() as collector:
        tracing = Tracing(
            "order-service", f"http://localhost:{collector.port}", 1.0, SystemClock(1), {}, "9.9"
        )
        tracing.start(metrics)
        span = tracing.tracer.start("x")
        assert span is not None
        span.end()
        await tracing.stop()
    assert collector.spans[0]["resource"]["service.version"] == "9.9"
    assert b"tradewind_trace_spans_exported_total 1.0\n" in metrics.render()


@pytest.mark.parametrize("environment", [{}, {"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}])
async def test_nothing_is_traced_where_no_collector_is_named(environment: dict[str, str]) -> None:
    tracing = Tracing(
        "orders", "" if not environment else "http://localhost:1", 1.0, SystemClock(1), environment
    )
    tracing.start(Metrics())
    assert tracing.tracer.start("x") is None
    await tracing.stop()


def test_a_certificate_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadEndpoint, match="OTEL_EXPORTER_OTLP_CERTIFICATE"):
        Tracing(
            "orders",
            "https://localhost:1",
            1.0,
            SystemClock(1),
            {"OTEL_EXPORTER_OTLP_CERTIFICATE": str(tmp_path / "none.pem")},
        )
