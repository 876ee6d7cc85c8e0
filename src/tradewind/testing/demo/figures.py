"""Counts what became of the orders of a demo, for people and for programs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}


class Figures(msgspec.Struct):
    """`accepted` orders were answered with 201. Times in ms: of the answer, and from there to the end of the
    order.
    """

    wanted: int
    accepted: int = 0
    ended: Counter[str] = msgspec.field(default_factory=Counter)
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    lost: Counter[str] = msgspec.field(default_factory=Counter)
    answer_ms: list[float] = msgspec.field(default_factory=list)
    end_ms: list[float] = msgspec.field(default_factory=list)
    seconds: float = 0.0
    retries: int = 0
    held_back: int = 0

    @property
    def final(self) -> int:
        return self.ended.total()

    @property
    def kept(self) -> bool:
        """Did all that was accepted come to its end, and was all accepted that was wanted?"""
        return self.accepted == self.final == self.wanted

    def end(self, order: dict[str, Any]) -> None:
        failure = order.get("failure") or {}
        self.ended[
            "failed: " + str(failure.get("code"))
            if order["status"] == "FAILED"
            else str(order["status"]).lower()
        ] += 1

    def told(self) -> dict[str, Any]:
        """As a program reads it."""
        failed = {
            name.removeprefix("failed: "): count
            for name, count in sorted(self.ended.items())
            if name.startswith("failed: ")
        }
        return {
            "placed": self.accepted,
            "confirmed": self.ended["confirmed"],
            "cancelled": self.ended["cancelled"],
            "failed": failed,
            "notFinal": self.accepted - self.final,
            "refused": dict(self.refused),
            "lost": dict(self.lost),
            "retries": self.retries,
            "heldBack": self.held_back,
            "seconds": round(self.seconds, 2),
            "ordersPerSecond": round(self._pace, 1),
            "postMs": _spread(self.answer_ms),
            "finalMs": _spread(self.end_ms),
        }

    @property
    def _pace(self) -> float:
        return self.accepted / self.seconds if self.seconds else 0.0

    def rows(self) -> list[tuple[str, str]]:
        """As a person reads it."""
        rows = [("placed", f"{self.accepted:,} of {self.wanted:,}")]
        rows += [(name, f"{count:,}") for name, count in sorted(self.ended.items())]
        rows += [("not final", f"{self.accepted - self.final:,}")] if self.accepted != self.final else []
        rows += [(f"refused: {code}", f"{count:,}") for code, count in sorted(self.refused.items())]
        rows += [(f"lost: {why}", f"{count:,}") for why, count in sorted(self.lost.items())]
        rows += [("tried again", f"{self.retries:,}")] if self.retries else []
        rows += [("held back by the rate limit", f"{self.held_back:,}")] if self.held_back else []
        rows += [("answer to POST", _line(self.answer_ms)), ("placed to final", _line(self.end_ms))]
        return [*rows, ("orders/s", f"{self._pace:,.1f} over {self.seconds:,.1f} s")]


def _spread(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        name: round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1)
        for name, share in QUANTILES.items()
        if ordered
    }


def _line(times: list[float]) -> str:
    spread = "  ".join([f"{name} {value:,.0f}" for name, value in _spread(times).items()])
    return f"{spread} ms" if spread else "none"
