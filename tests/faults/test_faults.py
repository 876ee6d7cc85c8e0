"""Everything is broken once or more while clients order, pay and read: no promise is broken with it. The long
version is `campaign`.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.faults import ends, rpc
from tests.faults.book import Book
from tests.faults.campaign import run
from tests.faults.deployment import Deployment, deployment
from tests.faults.rpc import Rpc
from tests.faults.troubles import plan

SEEDS = (20_261_121,)
FIRST_S = 15.0  # as promised; the long version, which has the machine for itself, wants less


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.rabbitmq
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_accepted_is_lost_or_doubled_and_all_is_served_again_at_once(
    tmp_path: Path, seed: int
) -> None:
    troubles = plan(Random(seed), kill=6, broker=2, postgres=1, connections=1, alarm=1)
    with deployment(tmp_path, Rpc()) as place:
        book = Book(Rpc.kinds)
        summary, wrong = run(place, book, troubles, seed=seed, tell=print, first_s=FIRST_S)
        assert not wrong, "\n".join(wrong)
        assert summary["counts"]["accepted orders"] > 500, "hardly anything was sold: this proves nothing"
        _assert_that_it_would_have_been_seen(place, book)


def _assert_that_it_would_have_been_seen(place: Deployment, book: Book) -> None:
    ends.sql(place, "DELETE FROM order_schema.orders WHERE id = (SELECT min(id) FROM order_schema.orders)")
    ends.sql(
        place,
        "UPDATE payment_schema.payments SET order_id = 'another' WHERE id = (SELECT min(id) FROM "
        "payment_schema.payments)",
    )
    twice = "ARRAY(SELECT id FROM inventory_schema.products ORDER BY id LIMIT 2)"
    ends.sql(
        place,
        f"UPDATE inventory_schema.products SET sku = (SELECT min(sku) FROM inventory_schema.products) "
        f"WHERE id = ANY({twice})",
    )
    found = ends.Findings()
    rpc.rows(found, place, book)
    assert found.counts["accepted orders that are lost"] == 1
    assert (
        found.counts["accepted payments with another content"]
        == found.counts["payments that nobody asked for"]
        == 1
    )
    assert found.counts["products that are there twice"] == 1
