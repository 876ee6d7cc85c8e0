"""Remembers what was just written, so that the next step of the same story need not read it. Right only while
nobody else writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.model import Table

MOST = 3_000


class Cache:
    """Committed rows, the last written of each table."""

    def __init__(self) -> None:
        self.rows: dict[Table[Any], dict[str, Any]] = {}

    def remember(self, changed: Mapping[Table[Any], Mapping[str, Any]]) -> None:
        for table, rows in changed.items():
            known = self.rows.setdefault(table, {})
            known.update(rows)
            for _ in range(len(known) - MOST):
                del known[next(iter(known))]

    def clear(self) -> None:
        self.rows.clear()
