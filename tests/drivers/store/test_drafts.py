"""The next step is drafted from what the tables lack, and a step says the same on each database."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.databases import Place
from tradewind.core.columns import Document, Key
from tradewind.core.schema import metadata
from tradewind.runtime import drafts, migrations
from tradewind.runtime.migrations import ServiceSchema

REFUSED = (sa.exc.IntegrityError, sa.exc.OperationalError)  # the second by MySQL


def shelf(
    folder: Path, *more: "sa.Column[object] | sa.CheckConstraint | sa.Index", least: int = 0
) -> ServiceSchema:
    md = metadata("probe")
    sa.Table(
        "shelf",
        md,
        sa.Column("id", Key, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.CheckConstraint(f"count >= {least}", name=f"probe_shelf_{least}"),
        *more,
    )
    return ServiceSchema(md, folder)


def agree(place: Place, kept: ServiceSchema) -> bool:
    return place.database.work(lambda connection: drafts.difference(connection, kept)) == []


def test_a_draft_is_what_is_missing(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "steps"
    first = shelf(folder)
    made = drafts.new(first, "First tables!")
    assert made == folder / "0001_first_tables.py"
    assert drafts.new(first, "nothing") is None
    place.fill(first)
    table = place.database.sql.name(first.md.tables["probe.shelf"])
    place.outside(f"INSERT INTO {table} VALUES ('a', 7)")
    assert agree(place, first)

    second = shelf(
        folder,
        sa.Column("note", Document),
        sa.CheckConstraint("count < 100", name="probe_shelf_top"),
        sa.Index("probe_shelf_count", "count"),
    )
    assert not agree(place, second)
    made = drafts.new(second, "a note, and a bound")
    assert made == folder / "0002_a_note_and_a_bound.py"
    assert drafts.new(second, "nothing") is None
    place.fill(second)
    assert agree(place, second)
    assert place.outside(f"SELECT id, count, note FROM {table}") == [("a", 7, None)]
    for bad in (-1, 100):  # SQLite copies a table to change it: both checks must have come along
        with pytest.raises(REFUSED):
            place.outside(f"INSERT INTO {table} (id, count) VALUES ('b', {bad})")

    third = shelf(folder, sa.Column("note", Document), least=5)
    drafts.new(third, "another bound")
    place.fill(third)
    assert agree(place, third)
    place.outside(f"INSERT INTO {table} (id, count) VALUES ('b', 1000)")
    with pytest.raises(REFUSED):
        place.outside(f"INSERT INTO {table} (id, count) VALUES ('c', 4)")

    # a server shows a condition in its own words, so there a changed one is not seen: give it another name
    same_name = shelf(
        folder, sa.Column("note", Document), sa.CheckConstraint("count >= 6", name="probe_shelf_5"), least=-1
    )
    same_name.md.tables["probe.shelf"].constraints = {
        one for one in same_name.md.tables["probe.shelf"].constraints if one.name != "probe_shelf_-1"
    }
    assert agree(place, same_name) is bool(place.url)

    place.outside(f"DELETE FROM {table} WHERE id = 'b'")
    assert len(migrations.down(place.url, place.data, third, 1)) == 2
    assert agree(place, first)
    assert place.outside(f"SELECT id, count FROM {table}") == [("a", 7)]
    assert len(migrations.down(place.url, place.data, third, 0)) == 3


@pytest.mark.parametrize(
    "planted",
    [
        "DROP INDEX",
        "ALTER TABLE {table} ADD COLUMN more TEXT",
        "ALTER TABLE {table} DROP COLUMN note",
        "DROP TABLE {table}",
        "CREATE TABLE {other} (id VARCHAR(9) PRIMARY KEY)",
    ],
)
def test_a_difference_is_seen(place: Place, tmp_path: Path, planted: str) -> None:
    kept = shelf(tmp_path / "steps", sa.Column("note", Document), sa.Index("probe_shelf_count", "count"))
    drafts.new(kept, "first")
    place.fill(kept)
    assert agree(place, kept)
    table = place.database.sql.name(kept.md.tables["probe.shelf"])
    if planted.startswith("DROP INDEX"):
        planted = place.database.sql.drop_index("probe_shelf_count", table)
    place.outside(planted.format(table=table, other=table.replace("shelf", "other")))
    assert not agree(place, kept)


def test_a_step_may_speak_sql_of_its_own_tables(place: Place, tmp_path: Path) -> None:
    kept = shelf(tmp_path)
    (tmp_path / "0001_first.py").write_text(
        "import sqlalchemy as sa\n\n\ndef up(op):\n"
        '    op.create_table("shelf", sa.Column("id", sa.Text(), primary_key=True), sa.Column("count", '
        "sa.BigInteger(), nullable=False))\n"
        """    op.execute(f"INSERT INTO {op.table('shelf')} VALUES ('a', 1)")\n"""
        '    op.rename_table("shelf", "board")\n'
    )
    place.fill(kept)
    board = place.database.sql.name(sa.Table("board", metadata("probe")))
    assert place.outside(f"SELECT * FROM {board}") == [("a", 1)]
