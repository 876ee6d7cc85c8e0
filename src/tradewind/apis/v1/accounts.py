"""Registers people and signs them in. Apart from other operations: passwords and tokens stay here, services
see hashes and sessions.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

import msgspec

from ...contracts.users import (
    AddUser,
    ChangeMe,
    ChangeUser,
    Credentials,
    DeleteUser,
    EndSession,
    FindCredentials,
    LogIn,
    LogOut,
    OpenSession,
    Refresh,
    Register,
    RotateSession,
    SessionView,
    address,
    written,
)
from ...core.clock import Clock
from ...core.gateway import Gateway, Reply
from ...core.model import NOBODY, Refused
from ...core.rate_limiter import Buckets
from ..kernel.passwords import Passwords
from ..kernel.serving import Serving
from .call import COMMON, REPLAYED, Call, Finishes, Handles, finish_nothing, finish_view
from .refusals import field_refused, invalid_field
from .settings import V1Settings
from .tokens import TokenWriter
from .weak_passwords import weak

_session = msgspec.json.Decoder(SessionView).decode
_encode = msgspec.json.Encoder().encode


class Accounts:
    def __init__(
        self,
        serving: Serving,
        gateway: Gateway,
        clock: Clock,
        passwords: Passwords,
        tokens: TokenWriter,
        settings: V1Settings,
        forget: Callable[[str], None],
    ) -> None:
        """`forget`: is called with a user or session whose rights may have changed."""
        self._serving, self._gateway, self._clock, self._passwords, self._tokens = (
            serving,
            gateway,
            clock,
            passwords,
            tokens,
        )
        self._forget = forget
        self.handles: Handles = {
            Register: self._register,
            LogIn: self._log_in,
            Refresh: self._refresh,
            LogOut: self._log_out,
            ChangeMe: self._change_me,
        }
        self.finishes: Finishes = {
            LogIn: self._signed_in,
            Refresh: self._signed_in,
            LogOut: self._logged_out,
            ChangeUser: self._changed,
            DeleteUser: self._deleted,
        }
        self._failures = Buckets(settings.failed_logins_per_minute, settings.buckets)

    def _register(self, call: Call) -> None:
        asked: Register = call.bound()
        try:
            email = address(asked.email)
        except ValueError as error:
            raise invalid_field("email", str(error)) from None
        if weak(asked.password, email, email.partition("@")[0], asked.name):
            raise field_refused(
                "password", "weak_password", "This password is among the first that anybody tries."
            )

        def add(password_hash: str) -> None:
            self._serving.submit(call, AddUser(email, asked.name, password_hash), asked)

        self._serving.asks.run(self._passwords.hash(asked.password), add, call.fail)

    def _log_in(self, call: Call) -> None:
        asked: LogIn = call.bound()

        def open_session(user_id: str) -> None:
            self._serving.submit(call, OpenSession(user_id), asked)

        self._serving.asks.run(self._proven(asked), open_session, call.fail)

    async def _proven(self, asked: LogIn) -> str:
        # of the address only a digest is remembered
        who = blake2b(written(asked.email)[0].encode(), digest_size=16).hexdigest()
        wait = self._failures.left(who, self._clock.now())
        if wait:
            raise Refused("rate_limited", 429, "Too many failed log-ins for this account.", retry_after=wait)
        known: Credentials | None = await self._gateway.ask(FindCredentials(written(asked.email)[-1]))
        right = await self._passwords.verify(known.password_hash if known else None, asked.password)
        if known is None or not right:
            self._failures.charge(who, self._clock.now())
            raise Refused("invalid_credentials", 401, "No account has this e-mail and password.")
        return known.user_id

    def _refresh(self, call: Call) -> None:
        asked: Refresh = call.bound()
        session, generation = self._session(asked.refresh_token)
        self._serving.submit(call, RotateSession(session, generation), asked, NOBODY)

    def _log_out(self, call: Call) -> None:
        asked: LogOut = call.bound()
        session, _ = self._session(asked.refresh_token)
        self._serving.submit(call, EndSession(session), asked, NOBODY)

    def _change_me(self, call: Call) -> None:
        asked: ChangeMe = call.bound()
        change = ChangeUser(call.caller.id, name=asked.name, seen=asked.seen)
        self._serving.submit(call, change, asked)

    def _signed_in(self, call: Call, reply: Reply) -> None:
        """A session, old or new, as the tokens of its holder; one that is over has generation 0 or less."""
        session = _session(reply.body)
        if session.generation < 1:
            self._forget(session.session_id)
            raise _invalid_token()
        call.answer(
            call.route.status, _encode(self._tokens.write(session)), REPLAYED if reply.replayed else COMMON
        )

    def _logged_out(self, call: Call, reply: Reply) -> None:
        asked: LogOut = call.bound()
        self._forget(self._session(asked.refresh_token)[0])
        finish_nothing(call, reply)

    def _changed(self, call: Call, reply: Reply) -> None:
        self._forget(call.values[0])
        finish_view(call, reply)

    def _deleted(self, call: Call, reply: Reply) -> None:
        self._forget(call.values[0])
        finish_nothing(call, reply)

    def _session(self, refresh_token: str) -> tuple[str, int]:
        read = self._tokens.read_refresh(refresh_token)
        if read is None:
            raise _invalid_token()
        return read


def _invalid_token() -> Refused:
    return Refused(
        "invalid_token", 401, "The refresh token is not ours, was used before, or its session is over."
    )
