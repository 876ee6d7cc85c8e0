"""Closed-loop load by wrk, because a load generator in Python would take a core that the servers need."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.paths import HERE, relative
from benchmarks.processes import Failed, commands, need


@dataclass(frozen=True)
class Load:
    rate: float
    requests: int
    p50_ms: float
    p99_ms: float
    refused: int
    broken: int
    other: int = 0

    def figures(self) -> dict[str, float]:
        errors = self.refused + self.broken
        return {
            "per_s": self.rate,
            "p50_ms": self.p50_ms,
            "p99_ms": self.p99_ms,
            "requests": self.requests,
            "errors": errors,
        }


def wrk(
    script: str, port: int, env: Mapping[str, str], *, seconds: float, connections: int, cores: str = ""
) -> Load:
    """One run of benchmarks/wrk/SCRIPT.lua. `refused` counts answers of 400 and above, `broken` what the
    socket did not carry; with COUNT_STATUS in the environment, `other` counts every answer but 201 (to reads:
    but 200), which slows wrk a little.
    """
    argv = [need("wrk", "wrk"), "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
    argv += ["-s", str(HERE / "wrk" / f"{script}.lua"), f"http://127.0.0.1:{port}"]
    if cores:
        argv = ["taskset", "-c", cores, *argv]
    command = relative(" ".join(argv))
    if command not in commands:
        commands.append(command)
    done = subprocess.run(
        argv, env={**os.environ, **env}, capture_output=True, text=True, timeout=seconds + 60, check=False
    )
    for line in done.stdout.splitlines():
        if line.startswith("RES "):
            rate, requests, p50, p99, refused, broken, other = line.split()[1:]
            return Load(
                float(rate),
                int(requests),
                int(p50) / 1000,
                int(p99) / 1000,
                int(refused),
                int(broken),
                int(other),
            )
    raise Failed(f"wrk printed no result: {relative(done.stdout + done.stderr)[-600:]}")
