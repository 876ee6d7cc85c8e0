"""A process under a supervisor, as a program: does what its last word says. `actor.py FD NAME FOLDER HOW`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from tradewind.runtime.processes.reporting import Report


def main(fd: int, name: str, folder: Path, how: str) -> int:
    before = folder / f"{name}.lived"
    first = not before.exists()
    before.touch()
    parse = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: None if how == "stubborn" else parse.set())
    report = Report(fd)
    print(f"started {os.getpid()}", flush=True)
    if how == "crashes" or (how == "once" and not first):
        return 3
    if how == "refuses" or (how == "recovers" and not first and not (folder / "mended").exists()):
        report.failed("the broker is not there")
        return 1
    if how == "slow":
        parse.wait(2)
    if how != "mute":
        report.ready(f"http://{name}")
    parse.wait(60)
    (folder / f"{name}.{os.getpid()}.stopped").touch()
    with (folder / "order").open("a") as file:
        file.write(f"{name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4]))
