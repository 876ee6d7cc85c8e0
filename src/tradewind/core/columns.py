"""Names the types of the columns that a service may have, so that a database is added without a change in a
service: a driver says what each type is there.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

WIDTH = 255
"""The most characters of a key or a reference."""


class Key(sa.Text):
    """A text of at most 255 characters, compared byte by byte, that an index may hold: an id, a status."""


class Reference(Key):
    """A key that belongs to another service or system: a UUID, `item-123` and `101` are all fine."""


class Text(sa.Text):
    """A text without an index."""


class Document(sa.types.UserDefinedType[str]):
    """A structured value, kept as the JSON text we wrote."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "TEXT"


class Instant(sa.BigInteger):
    """A moment in milliseconds since 1970."""


class Money(sa.BigInteger):
    """An amount in minor units (ISO 4217); of what is in a column of its own."""


class Count(sa.BigInteger):
    """A whole number of 64 bits."""


class Number(sa.Integer):
    """A whole number of 32 bits: a version, a year."""


@compiles(Key, "mysql")
@compiles(Reference, "mysql")
def _key(*_: Any, **__: Any) -> str:
    return f"VARCHAR({WIDTH}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


@compiles(Text, "mysql")
@compiles(Document, "mysql")
def _text(*_: Any, **__: Any) -> str:
    return "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


def in_a_step(kind: sa.types.TypeEngine[Any]) -> str | None:
    """How a draft of a schema step writes a type; None for a type that is not ours."""
    if isinstance(kind, Key | Text | Document):
        return "sa.Text()"
    if isinstance(kind, Instant | Money | Count):
        return "sa.BigInteger()"
    return "sa.Integer()" if isinstance(kind, Number) else None
