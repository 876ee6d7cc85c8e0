"""Who uses the shop of a test. Their sessions are made once and shared, since each password costs a hash."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from tests.support.http import Connection

GOOD_FOR_S = 600  # an access token holds for 900, by the clock on the wall
FRESH_S = 1  # what is left is longer than any test that begins with a copy


class Person(NamedTuple):
    email: str
    password: str


ADMIN = Person("admin@example.com", "correct horse 1")
CUSTOMERS = {name: Person(f"{name}@example.com", f"battery staple {name}") for name in ("ada", "bob", "eve")}
PERSONS = {"admin": ADMIN, **CUSTOMERS}


class People:
    """Of one keeping. A session that is begun there later is none in a copy."""

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[str, float]] = {}

    def copy(self) -> People:
        """For a copy of the keeping, made now."""
        made = People()
        made._tokens.update(self._tokens)
        return made

    @property
    def fresh(self) -> bool:
        """Whether a test that begins now has to log nobody in: a login is a write, which a test of a shop
        that dies or is locked does not expect.
        """
        return all(time.time() - at < FRESH_S for _, at in self._tokens.values())

    def renew(self, connect: Callable[[], Connection]) -> None:
        """Logs everybody in again."""
        self._tokens.clear()
        for who in PERSONS:
            self.token(who, connect)

    def token(self, who: str, connect: Callable[[], Connection]) -> str:
        token, at = self._tokens.get(who, ("", 0.0))
        if token and time.time() - at < GOOD_FOR_S:
            return token
        email, password = PERSONS[who]
        with connect() as connection:
            answer = connection.call("POST", "/api/v1/auth/login", {"email": email, "password": password})
        assert answer.status == 200, answer
        token = str(answer.json["accessToken"])
        self._tokens[who] = token, time.time()
        return token

    def register(self, connect: Callable[[], Connection]) -> None:
        """Everybody but the admin, who is there at the first start."""
        with connect() as connection:
            for name, (email, password) in CUSTOMERS.items():
                answer = connection.call(
                    "POST",
                    "/api/v1/auth/register",
                    {"email": email, "name": name.title(), "password": password},
                )
                assert answer.status == 201, answer
