"""Rows that version 0.1 took over from another system are marked by the step that brings the mark: an id of
ours was of version 7 then.
"""

from __future__ import annotations

import pytest

from tests.support.databases import Place
from tradewind.runtime import migrations
from tradewind.runtime.schema import schemas

OURS, THEIRS = "01900000-0000-7000-8000-000000000001", "a1b2c3d4-e5f6-4890-abcd-ef1234567890"
ROWS = {
    ("orders", "orders"): (
        "id, status, payment_status, customer_id, items, total, currency, token, expires_at, version, created_at, "
        "updated_at",
        "'PENDING', 'none', '', '[]', 0, 'EUR', '', 0, 1, 5, 6",
    ),
    ("inventory", "reservations"): (
        "id, status, items, expires_at, created_at, updated_at",
        "'HELD', '{}', 0, 5, 6",
    ),
}


@pytest.mark.parametrize(("service", "table"), ROWS)
def test_what_was_adopted_before_there_was_a_mark_is_marked(place: Place, service: str, table: str) -> None:
    (schema,) = schemas([service])
    before = next(int(step[:4]) - 1 for step in schema.steps if step.endswith("_adopted"))
    place.fill(schema)
    migrations.down(place.url, place.data, schema, before)
    name = place.named(service, table)
    columns, values = ROWS[service, table]
    for key in (OURS, THEIRS):
        place.outside(f"INSERT INTO {name} ({columns}) VALUES ('{key}', {values})")
    place.fill(schema)
    assert dict(place.outside(f"SELECT id, adopted_at FROM {name}")) == {OURS: None, THEIRS: 5}
