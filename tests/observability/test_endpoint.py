"""The variables of OpenTelemetry mean here what they mean elsewhere, and a wrong one is a line at the
start.
"""

from __future__ import annotations

import pytest

from tradewind.observability import collector
from tradewind.observability.collector import BadEndpoint


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (
            "http://localhost:4318/v1/traces",
            "http://localhost:4318/v1/traces",
        ),  # as the blueprint's page has it
        ("http://localhost:4318", "http://localhost:4318/v1/traces"),
        ("http://localhost:4318/", "http://localhost:4318/v1/traces"),
        (" https://collector.example/otlp/ ", "https://collector.example/otlp/v1/traces"),
        ("https://collector.example/v1/traces/", "https://collector.example/v1/traces"),
        ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
        ("http://jaeger", "http://jaeger/v1/traces"),
        ("http://jaeger:4318/v1/traces?tenant=a", "http://jaeger:4318/v1/traces?tenant=a"),
    ],
)
def test_where_a_url_leads(url: str, place: str) -> None:
    found = collector.read(url, {})
    assert found is not None and found.url == place


@pytest.mark.parametrize(
    "url",
    [
        "localhost:4318",
        "grpc://localhost:4317",
        "http://",
        "http://a:b",
        "http://a:99999",
        "http://a/b c",
        "http://a/\r\nx",
    ],
)
def test_a_url_that_leads_nowhere(url: str) -> None:
    with pytest.raises(BadEndpoint, match="OTEL_EXPORTER_OTLP_ENDPOINT: not a URL of a collector"):
        collector.read(url, {})


def test_a_password_stands_in_a_header_and_not_in_the_url() -> None:
    with pytest.raises(BadEndpoint, match="OTEL_EXPORTER_OTLP_HEADERS") as caught:
        collector.read("http://me:hunter2@collector:4318", {})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "brotli"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    with pytest.raises(BadEndpoint, match=name):
        collector.read("http://localhost:4318", {name: value})
