"""Reads /metrics as a scrape does."""

from __future__ import annotations

import re

from tests.support.http import Connection

LINE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


def figures(port: int) -> dict[str, float]:
    """`name{label="value"}` as it stands on the page, and its value."""
    with Connection(port) as connection:
        answer = connection.call("GET", "/metrics")
    assert answer.status == 200
    return {
        f"{name}{{{labels}}}" if labels else name: float(value)
        for name, labels, value in LINE.findall(answer.body.decode())
    }


def figure(port: int, name: str) -> float:
    return figures(port).get(name, 0.0)
