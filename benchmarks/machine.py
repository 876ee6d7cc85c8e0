"""Writes down what a figure was measured on, because a rate without its machine says nothing."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
from pathlib import Path


def facts(folder: Path) -> dict[str, object]:
    """`folder` is where the servers will write: its disk is the one that counts."""
    return {
        "cpu": _field("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mb": int(_field("/proc/meminfo", "MemTotal").split()[0]) // 1024,
        "system": f"{platform.system()} {platform.release()}",
        "fdatasync_us": round(fdatasync_us(folder)),
        "load_before": [round(value, 2) for value in os.getloadavg()],
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "node": _version("node", "--version"),
        "wrk": _version("wrk", "-v"),
        "postgresql": _version("psql", "--version"),
    }


def fdatasync_us(folder: Path, times: int = 100) -> float:
    """The median price of making 4 KiB durable: what a commit cannot be cheaper than."""
    folder.mkdir(parents=True, exist_ok=True)
    took = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(times):
            os.write(file.fileno(), b"x" * 4096)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1e6)
    return statistics.median(took)


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        if line.startswith(name):
            return line.split(":", 1)[1].strip()
    return "unknown"


def _version(program: str, flag: str) -> str | None:
    if shutil.which(program) is None:
        return None
    done = subprocess.run([program, flag], capture_output=True, text=True, check=False)
    return (
        next(iter((done.stdout + done.stderr).splitlines()), "").split(" [")[0].split(" Copyright")[0] or None
    )
