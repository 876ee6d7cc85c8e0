"""Says what the rows of a table look like as documents, where a service's store is one of documents: an API
package declares it where others read them, and no service knows of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec
import sqlalchemy as sa

Kind: TypeAlias = Literal["plain", "id", "int32", "date"]
"""`id` is an identifier of the store's own kind, made of our key; `date` is a moment, for us in ms since
1970.
"""


def same(value: Any) -> Any:
    return value


class Field(msgspec.Struct, frozen=True):
    """A field that shows a column. `write` makes its value of ours, `read` ours of its; where two fields show
    a column the first is the one that is read.
    """

    name: str
    column: str
    kind: Kind = "plain"
    write: Callable[[Any], Any] = same
    read: Callable[[Any], Any] = same


class Documents(msgspec.Struct, frozen=True, kw_only=True):
    """The documents of one table of a service.

    - `fields`: in their order, the key's first.
    - `constants`: what every document has beside them.
    - `absent`: a column's value where a document has no field of it, as those of others may.
    - `indexes`: by name, the fields of each and whether they go up (1) or down (-1).
    """

    service: str
    table: str
    collection: str
    fields: tuple[Field, ...]
    constants: Mapping[str, Any] = {}
    absent: Mapping[str, Any] = {}
    indexes: Mapping[str, tuple[tuple[str, int], ...]] = {}


def as_they_are(table: sa.Table) -> Documents:
    """Those of a table that nobody else reads: a field for each column, under its name."""
    first, *others = [column.name for column in table.columns]
    return Documents(
        service=table.schema or "",
        table=table.name,
        collection=f"{table.schema}_{table.name}",
        fields=(Field("_id", first), *[Field(name, name) for name in others]),
        indexes={
            str(index.name): tuple(
                ("_id" if column.name == first else column.name, 1) for column in index.columns
            )
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        },
    )
