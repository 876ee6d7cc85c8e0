"""Caches the users of tokens, so that the hot path pays one dictionary look-up, and asks again so often that
a log-out counts.

A token is trusted for a few seconds; then, or at first use, the request waits until users has confirmed that
the session is alive and what role its user has now. The role in the token itself is never used.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from ...contracts.operation import Who
from ...contracts.users import FindPrincipal, Principal
from ...core.clock import Clock
from ...core.gateway import Gateway
from ...core.model import Caller
from .admission import SIGNED_IN, Rule
from .pending_reads import Failed, PendingReads, Then, attempt

SCHEME = 7  # the length of "Bearer "
LONGEST = 1_024
"""Bytes of a token."""
RECHECK_MS = 5_000
"""How long a session that has ended elsewhere, or a role that has changed, may still be taken for what it
was.
"""
REMEMBERED = 20_000
RULES: dict[Who, Rule] = {
    Who.ALL: Rule(reads=True, needs=False),
    Who.HOLDER: Rule(reads=False, needs=False),
    Who.USER: SIGNED_IN,
    # the service that stores an object checks the ownership: what belongs to others is not found there
    Who.OWNER: SIGNED_IN,
    Who.ADMIN: Rule(reads=True, needs=True, role="admin"),
}
"""By whom an operation is for: what its callers have to prove."""


class Proven(NamedTuple):
    """What a token proves. `expires` is ms since the epoch."""

    user: str
    session: str
    expires: int


Read = Callable[[str, int], Proven | None]
"""Reads a token, at a time in ms; None: it is not ours, or not valid then."""


class _Known:
    """What is known of one token. `until`: believed without asking. `outdated`: the answer that is awaited
    may have been read before a change.
    """

    __slots__ = ("caller", "expires", "outdated", "session", "until", "user", "waiting")

    def __init__(self, user: str, session: str, expires: int) -> None:
        self.user, self.session, self.expires = user, session, expires
        self.caller: Caller | None = None
        self.until, self.outdated = 0, False
        self.waiting: list[tuple[Then[Caller | None], Failed]] = []


class Principals:
    """Implements `admission.Identities`."""

    def __init__(
        self,
        gateway: Gateway,
        clock: Clock,
        asks: PendingReads,
        read: Read,
        *,
        recheck_ms: int = RECHECK_MS,
        most: int = REMEMBERED,
    ) -> None:
        self._gateway, self._clock, self._asks, self._read_token = gateway, clock, asks, read
        self._recheck, self._most = recheck_ms, most
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    def at_once(self, authorization: bytes, now: int) -> Caller | None:
        """The caller, where users need not be asked."""
        known = self._known.get(authorization)
        return known.caller if known is not None and now < known.until else None

    def find(self, authorization: bytes, then: Then[Caller | None], failed: Failed) -> None:
        """Calls one of the two: with the caller, None for a token that does not hold, or an error of the
        gateway.
        """
        now = self._clock.now()
        known = self._known.get(authorization)
        if known is None:
            known = self._read(authorization, now)
            if known is not None:
                self._remember(authorization, known)
        if known is None or now >= known.expires:
            self._known.pop(authorization, None)
            then(None)
            return
        known.waiting.append((then, failed))
        if len(known.waiting) == 1:
            self._ask(authorization, known)

    def forget(self, who: str) -> None:
        """From now on users are asked again about this user or session, whatever is known of it."""
        for known in self._known.values():
            if known.user == who or known.session == who:
                known.until, known.outdated = 0, True

    def _ask(self, authorization: bytes, known: _Known) -> None:
        known.outdated = False
        asked, now = self._gateway.ask(FindPrincipal(known.user, known.session)), self._clock.now()
        self._asks.run(asked, partial(self._told, authorization, known, now), partial(self._untold, known))

    def _read(self, authorization: bytes, now: int) -> _Known | None:
        if (
            len(authorization) > LONGEST + SCHEME
            or authorization[:SCHEME].lower() != b"bearer "
            or not authorization.isascii()
        ):
            return None
        proven = self._read_token(authorization[SCHEME:].decode(), now)
        return None if proven is None else _Known(*proven)

    def _remember(self, authorization: bytes, known: _Known) -> None:
        self._known[authorization] = known
        self._known.move_to_end(authorization)
        if len(self._known) > self._most:
            self._known.popitem(last=False)

    def _told(self, authorization: bytes, known: _Known, asked: int, principal: Principal | None) -> None:
        if known.outdated:
            self._ask(authorization, known)
            return
        waiting, known.waiting = known.waiting, []
        if principal is None:
            known.caller, known.until = None, 0
            self._known.pop(authorization, None)
        else:
            if known.caller is None or known.caller.role != principal.role:
                known.caller = Caller(principal.user_id, principal.role)
            known.until = min(asked + self._recheck, known.expires)  # the answer may have taken long
            if authorization in self._known:
                self._known.move_to_end(authorization)
        for then, failed in waiting:
            attempt(failed, then, known.caller)

    @staticmethod
    def _untold(known: _Known, error: BaseException) -> None:
        waiting, known.waiting = known.waiting, []
        for _, failed in waiting:
            failed(error)
