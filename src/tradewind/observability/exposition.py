"""Writes Prometheus' text format, version 0.0.4: the client library would cost each process 4 MB and a
standstill of 30 ms.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Cells = list[float]  # counts per bucket, one more for what is above, then the sum
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})


def number(value: float) -> str:
    """As Go writes it, which is what Prometheus reads."""
    value = float(value)
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def labelled(names: Sequence[str], values: Sequence[str]) -> str:
    """`{service="orders"}`, or nothing."""
    written = ",".join(f'{name}="{_text(value)}"' for name, value in zip(names, values, strict=True))
    return f"{{{written}}}" if written else ""


def family(name: str, kind: str, says: str, rows: Iterable[tuple[str, str, float]]) -> str:
    """A family with its lines: suffix of the name, labels, value."""
    lines = "".join(f"{name}{suffix}{labels} {number(value)}\n" for suffix, labels, value in rows)
    return f"# HELP {name} {says}\n# TYPE {name} {kind}\n{lines}"


def histogram(
    name: str,
    says: str,
    bounds: Sequence[float],
    labels: Sequence[str],
    rows: Iterable[tuple[tuple[str, ...], Cells]],
) -> str:
    """A histogram per row; its buckets count all that lies below."""
    lines: list[tuple[str, str, float]] = []
    edges = [*(str(bound) for bound in bounds), "+Inf"]
    for values, cells in rows:
        below = list(accumulate(cells[:-1]))
        lines += [
            ("_bucket", labelled((*labels, "le"), (*values, edge)), count)
            for edge, count in zip(edges, below, strict=True)
        ]
        lines += [
            ("_count", labelled(labels, values), below[-1]),
            ("_sum", labelled(labels, values), cells[-1]),
        ]
    return family(name, "histogram", says, lines)


def _text(value: str) -> str:
    return value.encode("utf-8", "backslashreplace").decode().translate(_ESCAPES)
