"""Turns a run into a yes or a no, so that a pipeline can stop at it."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from .metrics import FIGURES, Metrics

USUAL = ("errors<0.01", "latency.p95<500")
SHAPE = re.compile(r"([a-z_]+)(?:\.([a-z0-9]+))?\s*<\s*([0-9]*\.?[0-9]+)")
TRENDS = tuple(Metrics().trends())


class BadThreshold(ValueError):
    """One line that says what may be written."""


class Threshold(msgspec.Struct, frozen=True):
    """`figure` of `metric` must stay below `limit`: a share for errors, milliseconds for times."""

    metric: str
    figure: str
    limit: float

    @property
    def name(self) -> str:
        return f"{self.metric}.{self.figure}" if self.figure else self.metric

    def found(self, metrics: Metrics) -> float | None:
        """None where nothing was measured, which is no success either."""
        if self.metric == "errors":
            return metrics.errors if metrics.requests else None
        return metrics.trends()[self.metric].told().get(self.figure)

    def verdict(self, metrics: Metrics) -> Verdict:
        found = self.found(metrics)
        return Verdict(self.name, self.limit, found, found is not None and found < self.limit)


class Verdict(msgspec.Struct, frozen=True):
    threshold: str
    limit: float
    found: float | None
    met: bool


def parsed(texts: Iterable[str]) -> tuple[Threshold, ...]:
    """`errors<0.01`, `order_latency.p95<300`; a later one replaces an earlier one of the same figure. Errors:
    BadThreshold.
    """
    chosen: dict[str, Threshold] = {}
    for text in (*USUAL, *texts):
        found = SHAPE.fullmatch(text.strip())
        metric, figure, limit = found.groups(default="") if found else ("", "", "")
        fits = (metric == "errors" and not figure) or (metric in TRENDS and figure in FIGURES)
        if not fits:
            raise BadThreshold(
                f"threshold {text!r}: write errors<SHARE or TREND.FIGURE<MS, with {', '.join(TRENDS)} "
                f"and {', '.join(FIGURES)}: "
                "errors<0.01, order_latency.p95<500"
            )
        threshold = Threshold(metric, figure, float(limit))
        chosen[threshold.name] = threshold
    return tuple(chosen.values())


def judged(thresholds: Iterable[Threshold], metrics: Metrics) -> list[Verdict]:
    return [threshold.verdict(metrics) for threshold in thresholds]
