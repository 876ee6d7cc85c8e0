"""What a report says is what was measured, in a bounded place; a threshold that saw nothing is not met."""

from __future__ import annotations

import random

import pytest

from tradewind.testing.load.metrics import KINDS_OF_FAILURE, Metrics, Trend
from tradewind.testing.load.profiles import PROFILES
from tradewind.testing.load.report import text, told
from tradewind.testing.load.thresholds import BadThreshold, judged, parsed


def measured(times: list[float], failed: int = 0) -> Metrics:
    metrics = Metrics(iterations=1, orders_created=2, most_users=3, seconds=2.0)
    for ms in times:
        metrics.answered(ms, metrics.order_latency)
    for _ in range(failed):
        metrics.fail("POST /api/orders: answered 503")
    return metrics


def test_quantiles_are_within_a_per_cent() -> None:
    chance, trend = random.Random(5), Trend()
    times = [chance.lognormvariate(2, 1) for _ in range(10_000)]
    for ms in times:
        trend.add(ms)
    times.sort()
    found = trend.told()
    assert list(found) == ["avg", "min", "med", "p90", "p95", "p99", "max"]
    for name, share in (("med", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)):
        assert found[name] == pytest.approx(times[int(len(times) * share) - 1], rel=0.011)
    exact = {"avg": sum(times) / len(times), "min": times[0], "max": times[-1]}
    assert {name: found[name] for name in exact} == {name: round(value, 2) for name, value in exact.items()}


def test_a_trend_does_not_grow_with_its_times() -> None:
    chance, trend = random.Random(5), Trend()
    for _ in range(50_000):
        trend.add(chance.uniform(0.0, 20_000.0))
    assert len(trend._buckets) < 2_000


def test_nothing_measured_is_nothing() -> None:
    assert Trend().told() == {}
    assert Trend().quantile(0.95) == 0.0


def test_one_time_is_every_quantile() -> None:
    trend = Trend()
    trend.add(7.3)
    assert set(trend.told().values()) == {7.3}


def test_kinds_of_failure_are_bounded() -> None:
    metrics = Metrics()
    for number in range(KINDS_OF_FAILURE + 20):
        metrics.fail(f"reason {number}")
    assert (metrics.failed, len(metrics.failures), metrics.failures["other reasons"]) == (
        KINDS_OF_FAILURE + 20,
        KINDS_OF_FAILURE + 1,
        20,
    )


def test_usual_thresholds() -> None:
    usual = parsed([])
    assert [(found.threshold, found.met) for found in judged(usual, measured([10.0] * 200, failed=1))] == [
        ("errors", True),
        ("latency.p95", True),
    ]
    assert [found.met for found in judged(usual, measured([10.0] * 200, failed=2))] == [False, True]
    assert [found.met for found in judged(usual, measured([600.0] * 200))] == [True, False]
    assert [(found.found, found.met) for found in judged(usual, Metrics())] == [(None, False), (None, False)]


def test_a_threshold_of_ones_own() -> None:
    chosen = parsed(["errors < 0.5", "order_latency.p99<20"])
    assert [(found.name, found.limit) for found in chosen] == [
        ("errors", 0.5),
        ("latency.p95", 500),
        ("order_latency.p99", 20),
    ]
    assert [found.met for found in judged(chosen, measured([30.0] * 4, failed=1))] == [True, True, False]


BAD = (
    "",
    "errors",
    "errors>1",
    "errors.p95<1",
    "latency<5",
    "stock_latency.p95<5",
    "latency.p42<5",
    "latency.p95<x",
)


@pytest.mark.parametrize("text", BAD)
def test_a_bad_threshold_is_told(text: str) -> None:
    with pytest.raises(BadThreshold, match=r"write errors<SHARE or TREND\.FIGURE<MS"):
        parsed([text])


def test_the_report() -> None:
    metrics, profile = measured([10.0, 20.0], failed=1), PROFILES["smoke"]
    verdicts = judged(parsed([]), metrics)
    page = text(profile, "http://shop", metrics, verdicts, 0)
    for line in (
        "profile            smoke: does it work at all, after a deployment",
        "ran                2.0 s; 120 s planned, 2 users at most",
        "errors             50.00%   1 of 2 requests",
        "requests           2   1.0/s",
        "  CROSSED  errors < 0.01   found 0.5",
        "  met      latency.p95 < 500   found 19.99",
        "        1  POST /api/orders: answered 503",
    ):
        assert line in page.splitlines()
    line = next(line for line in page.splitlines() if line.startswith("order_latency "))
    assert line.split() == ["order_latency", "15.0", "10.0", "10.0", "20.0", "20.0", "20.0", "20.0"]
    found = told(profile, "http://shop", 1.0, metrics, verdicts, 2)
    assert (found["passed"], found["complete"], found["plannedUsers"], found["plannedSeconds"]) == (
        False,
        False,
        2,
        120,
    )
    assert found["metrics"]["order_latency"]["avg"] == 15
    assert found["metrics"]["payment_latency"] == {}
    assert "(stopped)" in text(profile, "http://shop", metrics, verdicts, 2)
