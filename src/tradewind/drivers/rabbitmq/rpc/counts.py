"""Counts what became of calls and requests in plain numbers, for a scrape to read: the hot path pays one
addition.
"""

from __future__ import annotations


class Calls:
    """Counts of a client. `late` are replies without a call: after the timeout, or the second of several to
    one call.
    """

    __slots__ = ("answer", "busy", "down", "late", "refused", "started", "timeout")

    def __init__(self) -> None:
        self.started = self.answer = self.refused = self.timeout = self.down = self.busy = self.late = 0


class Taken:
    """At a server.

    `answered` requests have ended, `failed` ones by a handler's bug, `shed` ones unread. `too_late` ones were
    not run. `events`, `unknown` and `poison` are what no handler saw: no request, no such pattern, nothing
    that can be read.
    """

    __slots__ = ("answered", "events", "failed", "poison", "redelivered", "shed", "too_late", "unknown")

    def __init__(self) -> None:
        self.answered = self.failed = self.shed = self.too_late = self.redelivered = 0
        self.events = self.unknown = self.poison = 0
