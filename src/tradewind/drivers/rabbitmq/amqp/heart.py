"""Heartbeats: notices a connection that is dead without having been closed, and keeps ours alive for the
broker.
"""

from __future__ import annotations

import asyncio

from . import frames
from .connection import Connection
from .errors import LinkDown

WITHOUT_HEARTBEAT_S = 10  # how often the confirms are looked at then


def watch(connection: Connection, heartbeat_s: int) -> None:
    """Until the connection ends. 0: no heartbeats, only the confirms are looked at."""
    Heart(connection, heartbeat_s).wait()


class Heart:
    """Two beats per interval. What was missed while we ourselves stood still does not count."""

    def __init__(self, connection: Connection, heartbeat_s: int) -> None:
        self._connection, self._beats = connection, heartbeat_s > 0
        self._pause = (heartbeat_s or WITHOUT_HEARTBEAT_S) / 2
        self._loop = asyncio.get_running_loop()
        self._due = 0.0
        self._silent = 0
        self._oldest, self._since = 0, self._loop.time()

    def wait(self) -> None:
        self._due = self._loop.time() + self._pause
        self._loop.call_at(self._due, self._beat)

    def _beat(self) -> None:
        connection = self._connection
        if connection.error is not None:
            return
        now = self._loop.time()
        absent = now - self._due > self._pause
        if self._beats:
            self._silent = 0 if connection.heard or absent else self._silent + 1
            if self._silent >= 4:
                connection.fail(
                    LinkDown(
                        f"no sign of life for {self._silent * self._pause:g} s: the broker or the "
                        f"network stands still"
                    )
                )
                return
            connection.heard = False
            connection.send(frames.BEAT)
        self._look_at_confirms(now, absent)
        self.wait()

    def _look_at_confirms(self, now: float, absent: bool) -> None:
        connection = self._connection
        oldest = connection.outstanding.oldest() if connection.confirms else 0
        if oldest != self._oldest or not oldest or connection.blocked or absent:
            self._oldest, self._since = oldest, now
        elif now - self._since > connection.limits.confirm_s:
            connection.fail(LinkDown(f"the broker has not confirmed a message for {now - self._since:.0f} s"))
