"""Spans arrive at a collector as the protocol spells them, in batches, within their bound, and to the last at
the end.
"""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.observability.exporting import exporter, fill, until
from tests.support.collector import Collector
from tradewind.core.clock import SystemClock
from tradewind.core.extras import MissingExtra
from tradewind.observability.collector import Tracing
from tradewind.observability.metrics import Metrics
from tradewind.observability.tracing import Kind, Tracer, Value


async def test_a_span_arrives_as_the_protocol_spells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = "deployment.environment=test%20floor, service.name=other, junk"
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", shared)
    async with Collector() as collector:
        ours = exporter(collector)
        tracer = Tracer("orders", ours.put, 1.0, SystemClock(1))
        span = tracer.start(
            "POST /orders",
            Kind.SERVER,
            parent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            state="congo=t61",
        )
        assert span is not None
        step = span.child("batch")
        step.end()
        span.link("7" * 32, "8" * 16)
        said: dict[str, Value] = {
            "http.response.status_code": 504,
            "cached": False,
            "ratio": 0.5,
            "text": "käse \ud800",
        }
        span.end("timeout", **said)
        inside, seen = await collector.has(2)
        await ours.stop()
    (line, headers, _) = collector.requests[0]
    assert line == "POST /v1/traces HTTP/1.1" and headers["content-type"] == "application/x-protobuf"
    assert (
        seen["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736" and seen["parentSpanId"] == "00f067aa0ba902b7"
    )
    assert (seen["name"], seen["kind"], seen["remote"]) == ("POST /orders", 2, True)
    assert (inside["parentSpanId"], inside["kind"], inside["remote"]) == (seen["spanId"], 1, False)
    assert seen["traceState"] == "congo=t61"
    assert seen["links"] == [{"traceId": "7" * 32, "spanId": "8" * 16}]
    assert seen["startTimeUnixNano"] == span.began and seen["endTimeUnixNano"] == span.ended >= span.began
    assert seen["status"] == {"code": 2, "message": "timeout"}
    assert inside["status"] == {"code": 0, "message": ""}
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
    assert (ours.exported, ours.dropped, ours.waiting) == (2, 0, 0)


async def test_spans_go_in_batches() -> None:
    async with Collector() as collector:
        ours = exporter(collector, batch=10, every_s=60.0)  # so that only fullness sends
        fill(ours, 25)
        await until(lambda: ours.exported == 20)
        assert len(collector.requests) == 2 and ours.waiting == 5
        await ours.stop()
        assert len(collector.requests) == 3 and len(collector.spans) == 25  # and the end sends what is left
    assert len({span["spanId"] for span in collector.spans}) == 25


async def test_spans_beyond_the_bound_are_dropped_and_counted() -> None:
    async with Collector() as collector:
        ours = exporter(collector, batch=8, bound=8, every_s=60.0)
        collector.hangs = True
        fill(ours, 8)
        await collector.asked(1)  # the first are on their way, and count until they are taken
        fill(ours, 12)
        assert (ours.waiting, ours.dropped, ours.exported) == (8, 12, 0)
        await ours.stop(0.05)
    assert (ours.waiting, ours.dropped, ours.exported) == (0, 20, 0)


async def test_batches_can_be_packed_and_carry_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Basic%20YTpi,x-tenant=shop")
    async with Collector() as collector:
        ours = exporter(collector, every_s=60.0)
        fill(ours, 100)
        await ours.stop()
    (_, headers, body) = collector.requests[0]
    assert headers["content-encoding"] == "gzip" and len(body) < 100 * 100
    assert (headers["authorization"], headers["x-tenant"]) == ("Basic YTpi", "shop")
    assert len(collector.spans) == 100


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl program to make a certificate")
async def test_a_collector_behind_tls_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
        doubting = exporter(collector)
        fill(doubting, 2)
        await doubting.stop()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", certificate)
        trusting = exporter(collector)
        fill(trusting, 2)
        await trusting.stop()
    assert (trusting.exported, trusting.dropped) == (2, 0)
    assert (doubting.exported, doubting.dropped) == (0, 2) and "certificate" in doubting.trouble.lower()


async def test_a_process_puts_it_together() -> None:
    metrics = Metrics()
    async with Collector() as collector:
        tracing = Tracing(
            "order-service", f"http://localhost:{collector.port}", 1.0, SystemClock(1), {}, "9.9"
        )
        tracing.start(metrics)
        assert b"tradewind_trace_spans_waiting 0.0\n" in metrics.render()
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


@pytest.mark.parametrize(
    ("environment", "name"),
    [({}, "orders"), ({"OTEL_SERVICE_NAME": ""}, "orders"), ({"OTEL_SERVICE_NAME": "x"}, "x")],
)
async def test_a_process_may_be_named_by_the_variable(environment: dict[str, str], name: str) -> None:
    async with Collector() as collector:
        tracing = Tracing("orders", collector.url, 1.0, SystemClock(1), environment)
        span = tracing.tracer.start("x")
        assert span is not None
        span.end()
        await tracing.stop()
    assert collector.spans[0]["resource"]["service.name"] == name


def test_without_the_sdk_the_start_ends_with_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.startswith("opentelemetry")]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "tradewind.observability.otlp", raising=False)
    with pytest.raises(MissingExtra, match=r"pip install 'tradewind\[otlp\]'"):
        Tracing("orders", "http://localhost:1", 1.0, SystemClock(1), {})
    Tracing("orders", "", 1.0, SystemClock(1), {})


def test_without_tracing_the_sdk_is_not_loaded() -> None:
    code = (
        "import sys, tradewind.observability.collector as it; from tradewind.core.clock import SystemClock;"
        "it.Tracing('x', '', 1.0, SystemClock(1), {});"
        "sys.exit(any(name.partition('.')[0] in ('opentelemetry', 'requests') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
