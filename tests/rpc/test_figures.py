"""Every figure that is declared for these processes is given by them: a dashboard of names that nobody feeds
is an empty one.
"""

from __future__ import annotations

import pytest

from tests.rpc.api import MISSING, ORDER, PAYMENT, Api, product
from tests.rpc.figures import figures
from tests.support.apart import Apart, wait
from tradewind.observability.families import COUNTERS, GAUGES, HISTOGRAMS

BOTH = {
    "link_up",
    "link_blocked",
    "link_reconnects",
    "log_lines_dropped",
    "trace_spans_exported",
    "trace_spans_dropped",
    "trace_spans_waiting",
}
GATEWAY = BOTH | {
    "http_requests",
    "http_request_duration_seconds",
    "rpc_client_requests",
    "rpc_client_duration_seconds",
    "rpc_client_retries",
    "rpc_client_retries_denied",
    "rpc_client_shed",
    "rpc_client_rejected",
    "breaker_state",
    "rpc_in_flight",
    "connections",
}
SERVICE = BOTH | {
    "rpc_server_requests",
    "rpc_server_duration_seconds",
    "rpc_server_late",
    "rpc_server_poison",
    "batch_duration_seconds",
    "batch_messages",
    "commit_duration_seconds",
    "queue_depth",
    "outbox_depth",
    "outbox_age_seconds",
    "timers_overdue",
    "activities_running",
    "parked",
    "broker_queue_messages",
    "broker_queue_consumers",
}
SAYS = {"story_events"}
"""Of orders and inventory; recorded payments say nothing."""
ELSEWHERE = {
    "log_lag",
    "activities",
    "events_published",
    "events_consumed",
    "events_redelivered",
    "events_dead",
    "redis_up",
}
"""Of one process with a log or with a Redis, and of a story (`test_reactions`): what nobody hears is not published."""


def given(port: int) -> set[str]:
    names = set()
    for series in figures(port):
        name = series.partition("{")[0].removeprefix("tradewind_")
        for end in ("_bucket", "_count", "_sum", "_total"):
            name = name.removesuffix(end)
        names.add(name)
    return names


def test_every_declared_family_is_somebodys() -> None:
    assert set(COUNTERS) | set(HISTOGRAMS) | set(GAUGES) == GATEWAY | SERVICE | SAYS | ELSEWHERE


def test_of_the_gateway(api: Api) -> None:
    api.got("/api/orders")
    assert GATEWAY - given(api.port) == set()


@pytest.mark.parametrize(
    ("process", "wanted"), [("orders", SERVICE | SAYS), ("inventory", SERVICE | SAYS), ("payments", SERVICE)]
)
def test_of_a_service(api: Api, four: Apart, process: str, wanted: set[str]) -> None:
    api.made("/api/orders", ORDER)
    api.made("/api/products", product())
    api.made("/api/payments", PAYMENT)
    port = four.ports[process]
    wait(lambda: wanted <= given(port), f"all of {wanted}")
    page = figures(port)
    assert page[f'tradewind_parked{{service="{process}"}}'] >= 0
    assert all(page[name] == 1 for name in page if name.startswith("tradewind_link_up"))


def test_durations_are_finer_than_a_turn_of_the_loop(api: Api, four: Apart) -> None:
    api.got(f"/api/orders/{api.made('/api/orders', ORDER)['id']}")
    page = figures(four.ports["orders"])
    seconds = page['tradewind_rpc_server_duration_seconds_sum{pattern="get_order_by_id"}']
    assert seconds > 0 and seconds * 1e6 % 1_000 != 0
    assert api("GET", f"/api/orders/{MISSING}").status == 404
