"""Reports to the supervisor that this process is ready or why it cannot be, and ends this process when the
supervisor is gone.

`tradewind serve … --supervised FD` names the descriptor: one end of a socket pair, whose other end the
supervisor has. Lines of JSON go there, `{"ready": true, "url": "http://…"}` or `{"failed": "one line"}`.
Nothing is sent back: its end means that the supervisor died.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time

import msgspec

ORPHAN_S = 30.0


class Report:
    """Without a descriptor every call does nothing."""

    def __init__(self, fd: int = -1) -> None:
        self._fd = fd
        if fd >= 0:
            os.set_inheritable(fd, False)
            # a thread, as a loop that hangs must not outlive the supervisor either
            threading.Thread(target=self._watch, name="supervisor", daemon=True).start()

    def ready(self, url: str) -> None:
        self._write({"ready": True, "url": url})

    def failed(self, why: str) -> None:
        self._write({"failed": why})

    def _write(self, what: dict[str, object]) -> None:
        if self._fd < 0:
            return
        with contextlib.suppress(OSError):  # the supervisor is gone: the thread sees to it
            os.write(self._fd, msgspec.json.encode(what) + b"\n")

    def _watch(self) -> None:
        with contextlib.suppress(OSError):
            while os.read(self._fd, 64):
                pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(ORPHAN_S)
        os.kill(os.getpid(), signal.SIGKILL)
