"""Writes a run of `rpc` as the page of the blueprint shows it: the systems side by side, then what was
wanted and what was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.report import number

SUBJECTS = {"ours": "Tradewind", "ours2": "two copies of orders", "nest": "NestJS", "node": "tuned Node pair"}
FIGURES = {
    "`POST /api/orders` a second": ("", "per_s"),
    "its p50, ms": ("", "p50_ms"),
    "its p99, ms": ("", "p99_ms"),
    "CPU s for 1,000 orders, the application": ("", "app_cpu_s_per_1000"),
    "CPU s for 1,000 orders, PostgreSQL": ("", "postgres_cpu_s_per_1000"),
    "CPU s for 1,000 orders, RabbitMQ": ("", "rabbitmq_cpu_s_per_1000"),
    "MB resident": ("", "rss_mb"),
    "MB, shared pages divided": ("", "pss_mb"),
    "`GET /api/orders/:id` a second": (" get", "per_s"),
    "its p99, ms (GET)": (" get", "p99_ms"),
}
VERDICTS = {True: "met", False: "**missed**", None: "not measured"}


def table(part: Mapping[str, Any]) -> str:
    """Of one run's part in a result file."""
    medians: Mapping[str, Mapping[str, float]] = part["medians"]
    shown = {subject: title for subject, title in SUBJECTS.items() if subject in medians}
    lines = markdown(
        ["median", *shown.values()],
        (
            [title, *(number(medians.get(subject + suffix, {}).get(name)) for subject in shown)]
            for title, (suffix, name) in FIGURES.items()
        ),
    )
    checks = (
        [check["what"], number(check["value"]), check["target"], check.get("why") or VERDICTS[check["met"]]]
        for check in part["checks"]
    )
    return "\n".join([*lines, "", *markdown(["ratio", "found", "wanted", ""], checks)])


def markdown(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]
