"""The limits for one client, in one place, so that every queue, body and wait has a bound."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times are seconds and are kept by a sweep every `tick_seconds`: one may end up to one tick early, never
    late.
    """

    header_seconds: float = 10.0
    """A whole request head, from the connect, or on a kept connection from the first byte of the request
    (408).
    """
    body_seconds: float = 30.0
    """A whole request body, from the end of its head (408)."""
    keep_alive_seconds: float = 75.0
    """A connection without a request, after its first answer (closed silently)."""
    answer_seconds: float = 60.0
    """The handler, from its call to `respond` (504; a later answer is dropped)."""
    drain_seconds: float = 30.0
    """A client that does not read what was written to it (aborted)."""
    linger_seconds: float = 2.0
    """After a refusal: input is read and thrown away, since closing over unread input resets the connection
    before the client has seen why."""
    tick_seconds: float = 1.0
    """Between two looks at all deadlines; also how old the `date` header may be."""

    body_bytes: int = 1024 * 1024
    """A request body, without its chunk framing (413)."""
    header_bytes: int = 16 * 1024
    """All header names and values of a request (431)."""
    header_count: int = 100
    """Header and trailer lines of a request (431)."""
    url_bytes: int = 8 * 1024
    """The request target (414)."""
    connections: int = 10_000
    """Open connections (the next one: 503 and closed)."""
    pipeline: int = 8
    """Unanswered requests of one connection; with more than these, nothing more is read from it."""
