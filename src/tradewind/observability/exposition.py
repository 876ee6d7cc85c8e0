"""Writes Prometheus' text format, version 0.0.4, and what the system knows of this process: the client
library would cost each process 4 MB and a standstill of 30 ms.
"""

from __future__ import annotations

import gc
import math
import os
import resource
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
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


PROC = "/proc"

Row = tuple[str, str, float]
"""A name, labels as they stand on the page, a value."""


def process_rows() -> Iterator[Row]:
    """Of this process, under the names that every Prometheus client uses. Without /proc, what is known so."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    yield "process_cpu_seconds_total", "", used.ru_utime + used.ru_stime
    yield "process_max_fds", "", float(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    try:
        with open(f"{PROC}/self/statm", "rb") as file:
            size, resident = [int(pages) * _page() for pages in file.read().split()[:2]]
        open_fds = len(os.listdir(f"{PROC}/self/fd"))
        started = _started()
    except (OSError, ValueError, IndexError, StopIteration):
        pass  # no Linux
    else:
        yield "process_virtual_memory_bytes", "", float(size)
        yield "process_resident_memory_bytes", "", float(resident)
        yield "process_open_fds", "", float(open_fds)
        yield "process_start_time_seconds", "", started
    for generation, stats in enumerate(gc.get_stats()):
        label = f'{{generation="{generation}"}}'
        yield "python_gc_objects_collected_total", label, float(stats["collected"])
        yield "python_gc_objects_uncollectable_total", label, float(stats["uncollectable"])
        yield "python_gc_collections_total", label, float(stats["collections"])


@cache
def _page() -> int:
    return os.sysconf("SC_PAGE_SIZE")


@cache
def _started() -> float:
    with open(f"{PROC}/stat", "rb") as file:
        boot = next(float(line.split()[1]) for line in file if line.startswith(b"btime "))
    with open(f"{PROC}/self/stat", "rb") as file:
        ticks = float(file.read().rpartition(b")")[2].split()[19])  # the name before may hold any sign
    return boot + ticks / os.sysconf("SC_CLK_TCK")
