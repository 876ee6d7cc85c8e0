"""A service names its columns by our types alone, and each of them has a form on a third database."""

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

from tradewind.core import columns
from tradewind.runtime.schema import schemas

TABLES = [table for kept in schemas() for table in kept.md.tables.values()]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.fullname)
def test_a_service_uses_our_types_alone(table: sa.Table) -> None:
    assert [c.name for c in table.columns if type(c.type).__module__ != columns.__name__] == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.fullname)
def test_what_an_index_holds_has_a_bounded_width(table: sa.Table) -> None:
    held = {column for index in table.indexes for column in index.columns} | set(table.primary_key.columns)
    assert [c.name for c in held if isinstance(c.type, columns.Text | columns.Document)] == []


def test_a_key_is_a_bounded_binary_text_on_mysql() -> None:
    binary = "CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!50720 utf8mb4_0900_bin */"
    for kind in (columns.Key(), columns.Reference()):
        assert kind.compile(dialect=mysql.dialect()) == f"VARCHAR(255) {binary}"
    assert columns.Claim().compile(dialect=mysql.dialect()) == f"VARCHAR(512) {binary}"
    assert columns.Document().compile(dialect=mysql.dialect()).startswith("LONGTEXT")
    assert columns.Instant().compile(dialect=mysql.dialect()) == "BIGINT"


def test_the_two_databases_keep_the_types_of_the_steps() -> None:
    for dialect in (sqlite.dialect(), postgresql.dialect()):  # type: ignore[no-untyped-call]
        for kind in (columns.Key(), columns.Claim(), columns.Text(), columns.Document()):
            assert kind.compile(dialect=dialect) == "TEXT"
        assert columns.Money().compile(dialect=dialect) == "BIGINT"
        assert columns.Number().compile(dialect=dialect) == "INTEGER"
