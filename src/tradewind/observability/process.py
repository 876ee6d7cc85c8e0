"""Reads what the system knows of this process, under the names that every Prometheus client uses."""

from __future__ import annotations

import gc
import os
import resource
from collections.abc import Iterator
from functools import cache

PROC = "/proc"

Row = tuple[str, str, float]
"""A name, labels as they stand on the page, a value."""


def rows() -> Iterator[Row]:
    """Where there is no /proc, what is known without."""
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
