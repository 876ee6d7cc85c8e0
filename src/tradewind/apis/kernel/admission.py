"""Decides whose a request is and whether it goes on: identity, share, rights, the same way for every API.

Whether anybody is asked who he is, the policy `access` says: in an open shop nobody is, and everybody may do
everything.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ...core.model import NOBODY, Caller, Refused
from ...core.rate_limiter import RateLimiter
from .pending_reads import Failed, Then, attempt
from .rate_limits import network

if TYPE_CHECKING:
    from .request_context import RequestContext

EVERYONE = Caller("", "admin")
"""The caller in an open shop: no user, and nothing is hidden from him."""


class Rule(NamedTuple):
    """`reads`: a token, if sent, names the caller. `needs`: there must be one. `role`: and its user must have
    this role.
    """

    reads: bool
    needs: bool
    role: str = ""


SIGNED_IN = Rule(reads=True, needs=True)


class Identities(Protocol):
    """Knows whose token it is: `principals.Principals`."""

    def at_once(self, authorization: bytes, now: int) -> Caller | None:
        """The caller, where nobody need be asked."""
        ...

    def find(self, authorization: bytes, then: Then[Caller | None], failed: Failed) -> None:
        """Calls one of the two: with the caller, None for a token that does not hold, or an error."""
        ...


class Admission:
    """`identities`: who proves who he is; None: nobody is asked (the policy `access` is open). `limiter`: the
    share of each caller. `stands_for`: by what name of his address a caller is counted whom nobody knows.
    """

    def __init__(
        self,
        identities: Identities | None = None,
        limiter: RateLimiter | None = None,
        stands_for: Callable[[str], str] = network,
    ) -> None:
        self._identities, self._stands_for = identities, stands_for
        self._limiter = limiter if limiter is not None and limiter.limits else None
        self.anybody = EVERYONE if identities is None else NOBODY
        """The caller before he is known."""

    @property
    def idle(self) -> bool:
        """Whether it lets everybody in, as often as he likes."""
        return self._identities is None and self._limiter is None

    def enter(self, context: RequestContext, rule: Rule) -> None:
        """Goes on with `context.admitted`, at once or once the caller is known. Errors: Refused 401, 403,
        429.
        """
        identities = self._identities
        if identities is None:
            self.counted(context, context.admitted)
            return
        authorization = context.request.headers.get(b"authorization") if rule.reads else None
        if authorization is None:
            self._admit(context, rule, None)
            return
        caller = identities.at_once(authorization, context.at)
        if caller is not None:
            self._admit(context, rule, caller)
            return

        def known(caller: Caller | None) -> None:
            attempt(context.fail, self._admit, context, rule, caller)

        def unknown(error: BaseException) -> None:
            # no sign-in is needed here: then a token that cannot be checked now is no reason to refuse
            context.fail(error) if rule.needs else known(None)

        identities.find(authorization, known, unknown)

    def counted(self, context: RequestContext, then: Callable[[], None]) -> None:
        """Goes on with `then`, at once or later, once it is counted against the share of its caller: of the
        user, or of the address where nobody is known. Errors: Refused 429.
        """
        limiter = self._limiter
        if limiter is None:
            then()
            return
        who = context.caller.id or self._stands_for(context.client)
        wait = limiter.at_once(who, context.at)
        if wait is None:
            limiter.ask(who, context.at, partial(attempt, context.fail, _go_on, then))
        else:
            _go_on(then, wait)

    def _admit(self, context: RequestContext, rule: Rule, caller: Caller | None) -> None:
        if caller is not None:
            context.caller = caller
        if self._limiter is None:
            _enter(context, rule)
        else:
            self.counted(context, partial(_enter, context, rule))


def _go_on(then: Callable[[], None], wait: int) -> None:
    if wait:
        raise Refused("rate_limited", 429, retry_after=wait)
    then()


def _enter(context: RequestContext, rule: Rule) -> None:
    admit(rule, context.caller)
    context.admitted()


def admit(rule: Rule, caller: Caller) -> None:
    """Errors: Refused 401, 403."""
    if not caller.id:
        if rule.needs:
            says = "Send an access token that is alive, as Authorization: Bearer …"
            raise Refused("unauthorized", 401, says)
    elif rule.role and caller.role != rule.role:
        raise Refused("forbidden", 403, "This is for others.")
