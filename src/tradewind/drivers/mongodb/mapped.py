"""Turns rows of a table into documents and back, as the table's `Documents` say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from bson import Int64, ObjectId
from bson.datetime_ms import DatetimeMS

from ...core.documents import Documents, Field
from ...core.store import RowRefused

LARGEST = 2_147_483_647
EARLIEST, LATEST = -62_135_596_800_000, 253_402_300_799_999
"""The years 1 to 9999, which every server takes; a page's first place lies outside."""
_OBJECT_ID = re.compile(r"[0-9a-f]{24}")


def object_id(key: str) -> ObjectId:
    """The one of our key, the same each time; the text of one is that one."""
    return ObjectId(key if _OBJECT_ID.fullmatch(key) else blake2b(key.encode(), digest_size=12).digest())


class Mapped:
    """One table with its documents."""

    def __init__(self, table: sa.Table, documents: Documents) -> None:
        self.table, self.documents = table, documents
        self.columns = tuple([column.name for column in table.columns])
        self.key = self.columns[0]
        self._fields: dict[str, Field] = {}
        for field in documents.fields:
            self._fields.setdefault(field.column, field)
        self._absent = {
            column.name: documents.absent.get(column.name, 0 if isinstance(column.type, sa.Integer) else "")
            for column in table.columns
        }

    def field(self, column: str) -> str:
        found = self._fields.get(column)
        if found is None:
            raise TypeError(f"{self.documents.collection} has no field of {self.table.name}.{column}")
        return found.name

    def value(self, column: str, ours: Any) -> Any:
        """What a document has where we have this. Errors: RowRefused."""
        return self._value(self._fields[column], ours)

    def document(self, row: Sequence[Any]) -> dict[str, Any]:
        """Errors: RowRefused."""
        values = dict(zip(self.columns, row, strict=True))
        fields = self.documents.fields
        shown: dict[str, Any] = {field.name: self._value(field, values[field.column]) for field in fields}
        return {**shown, **self.documents.constants}

    def row(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """By column; what a document of others lacks, or has of another kind, is as `absent` says."""
        found = dict(self._absent)
        for column, field in self._fields.items():
            theirs = document.get(field.name)
            if theirs is not None and isinstance(theirs, DatetimeMS) == (field.kind == "date"):
                try:
                    found[column] = field.read(_plain(theirs))
                except (TypeError, ValueError):
                    continue
        return found

    @staticmethod
    def _value(field: Field, ours: Any) -> Any:
        try:
            made = field.write(ours)
            if field.kind == "id":
                return object_id(made)
            if field.kind == "date":
                return DatetimeMS(min(max(made, EARLIEST), LATEST))
            if field.kind == "int32" and not -LARGEST <= made <= LARGEST:
                raise ValueError(f"{made} has more than 32 bits")
            return Int64(made) if field.kind == "plain" and type(made) is int else made
        except (TypeError, ValueError, AttributeError) as error:
            raise RowRefused(f"{field.name}: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, ObjectId):
        return str(value)
    return int(value) if isinstance(value, DatetimeMS | Int64) else value
