"""What was counted stands on the page, in Prometheus' own words."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from tradewind.observability import exposition
from tradewind.observability.metrics import MOST_SERIES, Metrics


def values(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def of(metrics: Metrics, name: str, **labels: str) -> float:
    return values(metrics)[f"tradewind_{name}", frozenset(labels.items())]


def test_requests_are_counted_by_operation_and_status() -> None:
    metrics = Metrics()
    metrics.request("orders.place", 201, 0.004)
    metrics.request("orders.place", 201, 0.005)
    metrics.request("orders.place", 409, 99.0)
    metrics.request("orders.get", 200, 0.0001)
    assert of(metrics, "http_requests_total", operation="orders.place", status="201") == 2
    assert of(metrics, "http_requests_total", operation="orders.place", status="409") == 1
    bucket = "http_request_duration_seconds_bucket"
    assert of(metrics, bucket, operation="orders.place", le="0.0025") == 0
    assert of(metrics, bucket, operation="orders.place", le="0.005") == 2  # a bound belongs to its bucket
    assert of(metrics, bucket, operation="orders.place", le="10.0") == 2
    assert of(metrics, bucket, operation="orders.place", le="+Inf") == 3
    assert of(metrics, "http_request_duration_seconds_count", operation="orders.place") == 3
    assert of(metrics, "http_request_duration_seconds_sum", operation="orders.place") == pytest.approx(99.009)


def test_batches_commits_events_and_activities() -> None:
    metrics = Metrics()
    metrics.batch(3, 0.002)
    metrics.batch(100, 0.03)
    metrics.commit(0.001)
    metrics.said(["order.created"])
    metrics.said(["order.created"] * 4)
    metrics.activity("payments.charge", "failed")
    assert of(metrics, "batch_messages_sum") == 103
    assert of(metrics, "batch_messages_bucket", le="4.0") == 1
    assert of(metrics, "batch_duration_seconds_count") == 2
    assert of(metrics, "commit_duration_seconds_bucket", le="0.001") == 1
    assert of(metrics, "story_events_total", event="order.created") == 5
    assert of(metrics, "activities_total", activity="payments.charge", outcome="failed") == 1


def test_levels_are_read_at_the_scrape() -> None:
    metrics = Metrics()
    depth = {"orders": 1}
    metrics.watch("queue_depth", lambda: depth)
    metrics.watch("timers_overdue", lambda: 7)
    assert of(metrics, "queue_depth", service="orders") == 1
    depth["orders"] = 5
    assert of(metrics, "queue_depth", service="orders") == 5
    assert of(metrics, "timers_overdue") == 7


def test_a_level_that_cannot_be_read_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    metrics.watch("parked", lambda: 1 / 0)
    metrics.watch("timers_overdue", lambda: 7)
    with caplog.at_level(logging.ERROR):
        assert of(metrics, "timers_overdue") == 7
    assert "gauge parked cannot be read" in caplog.text


def test_a_gauge_has_a_known_name() -> None:
    with pytest.raises(KeyError):
        Metrics().watch("mood", lambda: 1)


def test_the_process_is_measured() -> None:
    names = {name for name, _ in values(Metrics())}
    assert {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"} <= names


def test_series_are_bounded() -> None:
    metrics = Metrics()
    for number in range(MOST_SERIES + 50):
        metrics.request(f"made.up.{number}", 200, 0.001)
        metrics.said([f"made.up.{number}"])
    assert of(metrics, "http_requests_total", operation="other", status="0") == 50
    assert len(values(metrics)) < MOST_SERIES * 25


def test_calls_and_requests_of_queues() -> None:
    metrics = Metrics()
    metrics.rpc_call("orders", "create_order", "answer", 0.02)
    metrics.rpc_call("orders", "create_order", "answer", 0.02)
    metrics.rpc_call("orders", "create_order", "timeout", 10.0)
    metrics.rpc_served("create_order", "refused", 0.001)
    assert (
        of(metrics, "rpc_client_requests_total", service="orders", operation="create_order", outcome="answer")
        == 2
    )
    assert (
        of(
            metrics,
            "rpc_client_requests_total",
            service="orders",
            operation="create_order",
            outcome="timeout",
        )
        == 1
    )
    assert of(metrics, "rpc_client_duration_seconds_count", service="orders", operation="create_order") == 3
    assert (
        of(
            metrics,
            "rpc_client_duration_seconds_bucket",
            service="orders",
            operation="create_order",
            le="0.025",
        )
        == 2
    )
    assert of(metrics, "rpc_server_requests_total", pattern="create_order", outcome="refused") == 1
    assert of(metrics, "rpc_server_duration_seconds_sum", pattern="create_order") == 0.001


def test_other_counters_have_known_names() -> None:
    metrics = Metrics()
    metrics.count("rpc_client_retries", "orders")
    metrics.count("rpc_client_retries", "orders", by=4)
    metrics.count("trace_spans_dropped")
    assert of(metrics, "rpc_client_retries_total", service="orders") == 5
    assert of(metrics, "trace_spans_dropped_total") == 1
    with pytest.raises(KeyError):
        metrics.count("moods", "orders")


def test_a_counter_that_somebody_else_keeps_is_read() -> None:
    metrics = Metrics()
    metrics.watch("link_reconnects", lambda: {"publish": 3})
    metrics.watch("trace_spans_exported", lambda: 9)
    assert of(metrics, "link_reconnects_total", link="publish") == 3
    assert of(metrics, "trace_spans_exported_total") == 9


def test_calls_are_bounded_too() -> None:
    metrics = Metrics()
    for number in range(MOST_SERIES + 50):
        metrics.rpc_call("orders", f"made.up.{number}", "answer", 0.001)
        metrics.count("events_consumed", f"made.up.{number}")
    assert of(metrics, "rpc_client_requests_total", service="other", operation="other", outcome="other") == 50
    assert len(values(metrics)) < MOST_SERIES * 25


def test_every_family_stands_on_the_page_once() -> None:
    metrics = Metrics()
    metrics.watch("trace_spans_exported", lambda: 9)
    typed = [line.split()[2] for line in metrics.render().decode().splitlines() if line.startswith("# TYPE")]
    assert len(typed) == len(set(typed))


@given(st.text())
def test_any_text_may_be_a_label(text: str) -> None:
    metrics = Metrics()
    metrics.request(text, 200, 0.1)
    (found,) = [
        dict(labels)["operation"]
        for name, labels in values(metrics)
        if name == "tradewind_http_requests_total"
    ]
    assert found == text.encode("utf-8", "backslashreplace").decode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1.0"),
        (0.1, "0.1"),
        (1e300, "1e+300"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
    ],
)
def test_numbers_are_written_as_go_reads_them(value: float, text: str) -> None:
    assert exposition.number(value) == text


def test_where_there_is_no_proc_the_rest_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exposition, "PROC", "/nowhere")
    names = {name for name, _, _ in exposition.process_rows()}
    assert "process_cpu_seconds_total" in names and "process_resident_memory_bytes" not in names
