"""Names the types of the columns that a service may have, so that a database is added without a change in a
service: a driver says what each type is there.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

WIDTH, CLAIM_WIDTH = 255, 512
"""The most characters of a key or a reference, and of a claim."""
BY_BYTE = "CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!50720 utf8mb4_0900_bin */"
"""Spaces at the end count too: MariaDB and MySQL, which skip what is for the other, name it differently."""


class Key(sa.Text):
    """A text of at most 255 characters, compared byte by byte, that an index may hold: an id, a status."""


class Reference(Key):
    """A key that belongs to another service or system: a UUID, `item-123` and `101` are all fine."""


class Claim(Key):
    """A key that is made of a name and a key: what a message is claimed by."""


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
    return f"VARCHAR({WIDTH}) {BY_BYTE}"


@compiles(Claim, "mysql")
def _claim(*_: Any, **__: Any) -> str:
    return f"VARCHAR({CLAIM_WIDTH}) {BY_BYTE}"


@compiles(Text, "mysql")
@compiles(Document, "mysql")
def _text(*_: Any, **__: Any) -> str:
    return f"LONGTEXT {BY_BYTE}"


def in_a_step(kind: sa.types.TypeEngine[Any]) -> str | None:
    """How a draft of a schema step writes a type; None for a type that is not ours."""
    if isinstance(kind, Key):
        return "columns.Claim()" if isinstance(kind, Claim) else "columns.Key()"
    if isinstance(kind, Text | Document):
        return "sa.Text()"
    if isinstance(kind, Instant | Money | Count):
        return "sa.BigInteger()"
    return "sa.Integer()" if isinstance(kind, Number) else None
