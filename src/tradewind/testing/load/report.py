"""Writes a load run down, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .metrics import FIGURES, Metrics
from .profiles import Profile
from .thresholds import Verdict

KINDS_SHOWN = 10


def told(
    profile: Profile, url: str, scale: float, metrics: Metrics, verdicts: Sequence[Verdict], stopped: int
) -> dict[str, Any]:
    """As a program reads it."""
    return {
        "profile": profile.name,
        "url": url,
        "scale": scale,
        "plannedSeconds": round(profile.seconds, 2),
        "plannedUsers": profile.most_users,
        "complete": not stopped,
        "passed": all([verdict.met for verdict in verdicts]),
        "metrics": metrics.told(),
        "thresholds": [
            {
                "threshold": verdict.threshold,
                "limit": verdict.limit,
                "found": verdict.found,
                "met": verdict.met,
            }
            for verdict in verdicts
        ],
    }


def text(profile: Profile, url: str, metrics: Metrics, verdicts: Sequence[Verdict], stopped: int) -> str:
    """As a person reads it."""
    planned = f"{profile.seconds:,.0f} s planned, {profile.most_users} users at most"
    rows = [
        ("profile", f"{profile.name}: {profile.about}"),
        ("target", url),
        ("ran", f"{metrics.seconds:,.1f} s" + (" (stopped)" if stopped else "") + f"; {planned}"),
        ("", ""),
        ("errors", f"{metrics.errors:.2%}   {metrics.failed:,} of {metrics.requests:,} requests"),
        ("requests", f"{metrics.requests:,}   {metrics.pace:,.1f}/s"),
        ("iterations", f"{metrics.iterations:,}"),
        ("orders_created", f"{metrics.orders_created:,}"),
        ("users", f"{metrics.most_users:,} at most"),
    ]
    lines = [f"{name:19}{value}".rstrip() for name, value in rows]
    lines += ["", "ms".ljust(17) + "".join([figure.rjust(10) for figure in FIGURES])]
    for name, trend in metrics.trends().items():
        found = trend.told()
        lines.append(name.ljust(17) + "".join([_ms(found.get(figure)).rjust(10) for figure in FIGURES]))
    lines += ["", "thresholds"]
    lines += [
        f"  {'met' if v.met else 'CROSSED':9}{v.threshold} < {v.limit:g}   found {_found(v)}"
        for v in verdicts
    ]
    if metrics.failures:
        shown = metrics.failures.most_common(KINDS_SHOWN)
        lines += ["", "failures", *(f"  {count:>7,}  {why}" for why, count in shown)]
    return "\n".join(lines)


def _found(verdict: Verdict) -> str:
    return "nothing" if verdict.found is None else f"{verdict.found:.4g}"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"
