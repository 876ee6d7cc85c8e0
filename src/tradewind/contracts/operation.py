"""Declares an operation once: from this come its route, its page in the API description, its access rule and
its tests.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from ..core.model import Message, Query


class Who(StrEnum):
    """Who may call. `OWNER` is any signed-in user: the service that stores the object checks the
    ownership.
    """

    ALL = "all"
    HOLDER = "holder of the token in the body"
    USER = "signed in"
    OWNER = "owner or admin"
    ADMIN = "admin"


class Operation(msgspec.Struct, frozen=True):
    """One line of the API. `asks` is the message the request becomes: its fields come from the path, the
    query string and the body.
    """

    name: str
    method: str
    path: str
    asks: type[Message]
    gives: Any
    who: Who
    says: str
    status: int = 200
    refuses: tuple[tuple[int, str], ...] = ()
    example: Any = None
    paged: bool = False

    @property
    def reads(self) -> bool:
        return issubclass(self.asks, Query)

    @property
    def service(self) -> str:
        return self.name.partition(".")[0]
