"""Lists every figure that a process may give away, so that a dashboard, an alert rule and the code cannot
mean different names.

On the page each name gets `tradewind_` in front; a counter gets `_total` behind, a histogram `_bucket`,
`_count` and `_sum`.
"""

from __future__ import annotations

from typing import NamedTuple

PREFIX = "tradewind_"
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)


class Timed(NamedTuple):
    says: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = SECONDS


COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "http_requests": ("HTTP requests answered", ("operation", "status")),
    "story_events": ("Events committed", ("event",)),
    "activities": ("Activities ended", ("activity", "outcome")),
    "rpc_client_requests": (
        "Calls to a service ended: answer, refused, timeout, down, busy",
        ("service", "operation", "outcome"),
    ),
    "rpc_client_retries": ("Attempts after the first", ("service",)),
    "rpc_client_retries_denied": ("Attempts that the retry budget did not allow", ("service",)),
    "rpc_client_shed": ("Calls refused at once because too many were under way", ("service",)),
    "rpc_client_rejected": ("Calls refused at once because the breaker was open", ("service",)),
    "rpc_server_requests": ("Requests from a queue handled: answer, refused", ("pattern", "outcome")),
    "rpc_server_late": ("Requests not run because nobody waited for them any more", ("queue",)),
    "rpc_server_poison": (
        "Messages of a queue that could not be read, answered with an error or parked",
        ("queue",),
    ),
    "events_published": ("Events that the broker has confirmed", ("event",)),
    "events_consumed": ("Events taken from the broker", ("event",)),
    "events_redelivered": ("Events that the broker had delivered before", ("event",)),
    "events_dead": ("Messages moved to the queue of dead letters beside a published queue", ("queue",)),
    "link_reconnects": ("Connections to the broker made again", ("link",)),
    "trace_spans_exported": ("Spans that the collector took", ()),
    "trace_spans_dropped": ("Spans that found no room or that nobody took", ()),
}

HISTOGRAMS: dict[str, Timed] = {
    "http_request_duration_seconds": Timed("From the request to its answer", ("operation",)),
    "rpc_client_duration_seconds": Timed(
        "From the call to its end, attempts included", ("service", "operation")
    ),
    "rpc_server_duration_seconds": Timed("From the delivery to the answer", ("pattern",)),
    "batch_duration_seconds": Timed("A batch, commit included"),
    "batch_messages": Timed("Messages of a batch", (), SIZES),
    "commit_duration_seconds": Timed("The commit of a batch"),
}

GAUGES: dict[str, tuple[str, str]] = {
    "queue_depth": ("Messages that wait for a batch", "service"),
    "log_lag": ("Events in the log that a subscriber has not taken yet", "service"),
    "outbox_depth": ("Events that the broker has not confirmed yet", "service"),
    "outbox_age_seconds": ("Age of the oldest event that the broker has not confirmed yet", "service"),
    "timers_overdue": ("Timers whose time has come", "service"),
    "activities_running": ("Calls to the outside world under way", "activity"),
    "parked": ("Messages among the dead letters", "service"),
    "connections": ("Open HTTP connections", "listener"),
    "log_lines_dropped": ("Log lines that stderr did not take", "sink"),
    "breaker_state": ("0 closed, 1 half-open, 2 open", "service"),
    "rpc_in_flight": ("Calls to a service under way", "service"),
    "link_up": ("1 while the connection to the broker can be used", "link"),
    "link_blocked": ("1 while the broker takes no messages: memory or disk alarm", "link"),
    "redis_up": ("1 while limits and caches are shared by Redis", ""),
    "broker_queue_messages": ("Messages that wait in a queue of the broker", "queue"),
    "broker_queue_consumers": ("Consumers of a queue of the broker", "queue"),
    "trace_spans_waiting": ("Spans that are not exported yet", "exporter"),
}
"""What `watch` may be given: name, meaning, and the label of its values. A counter with one label or none may
be watched too.
"""

PROCESS: dict[str, tuple[str, str]] = {
    "process_virtual_memory_bytes": ("gauge", "Virtual memory size in bytes."),
    "process_resident_memory_bytes": ("gauge", "Resident memory size in bytes."),
    "process_start_time_seconds": ("gauge", "Start time of the process since unix epoch in seconds."),
    "process_cpu_seconds_total": ("counter", "Total user and system CPU time spent in seconds."),
    "process_open_fds": ("gauge", "Number of open file descriptors."),
    "process_max_fds": ("gauge", "Maximum number of open file descriptors."),
    "python_gc_objects_collected_total": ("counter", "Objects collected during gc"),
    "python_gc_objects_uncollectable_total": ("counter", "Uncollectable objects found during GC"),
    "python_gc_collections_total": ("counter", "Number of times this generation was collected"),
}
"""The names under which every dashboard for Prometheus looks for a process."""


def names() -> set[str]:
    """Every series name that may stand on the page."""
    counters = {f"{PREFIX}{name}_total" for name in COUNTERS}
    histograms = {f"{PREFIX}{name}_{part}" for name in HISTOGRAMS for part in ("bucket", "count", "sum")}
    return counters | histograms | {PREFIX + name for name in GAUGES} | set(PROCESS)
