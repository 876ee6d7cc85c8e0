"""Blueprints `contracts` and `invoicing` are broken under load, and others send what nobody can take: every order has
one invoice, numbers have no gap, and the dead letters are what was sent bad. The long version is `campaign`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import ends
from tests.faults.amounts import Contracts, Invoicing
from tests.faults.book import Book
from tests.faults.campaign import run
from tests.faults.deployment import Deployment, deployment

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.rabbitmq]
SEED = 20_261_129
FIRST_S = 15.0  # as promised
BAD = 800


def test_every_accepted_order_has_one_invoice_whatever_is_killed(tmp_path: Path) -> None:
    system = Contracts()
    troubles = [
        "+orders-1+broker",
        "+invoices-1+postgres",
        "batch.before-commit",
        "batch.after-commit",
        "+edge",
    ]
    with deployment(tmp_path, system) as place:
        book = Book(system.kinds)
        summary, wrong = run(place, book, troubles, seed=SEED, tell=print, first_s=FIRST_S)
        assert not wrong, "\n".join(wrong)
        counts = summary["counts"]
        assert counts["accepted orders"] > 200 and counts["bad messages"] > 20, counts
        assert (counts["kills"], counts["kills in the middle of a batch"]) == (7, 2)
        _assert_that_it_would_have_been_seen(system, place, book)


def _assert_that_it_would_have_been_seen(system: Contracts, place: Deployment, book: Book) -> None:
    one = "(SELECT min(order_id) FROM invoices.invoices)"
    ends.sql(place, f"DELETE FROM invoices.invoices WHERE order_id = {one}", "invoices")
    ends.sql(place, "DELETE FROM orders.orders WHERE id = (SELECT max(id) FROM orders.orders)", "orders")
    found = ends.Findings()
    system.look(found, place, book)
    assert found.counts["orders without exactly one invoice"] == 1
    assert (
        found.counts["accepted orders that are lost"] == found.counts["invoices that nobody asked for"] == 1
    )
    assert found.counts["numbers after a gap or given twice"] > 0
    assert found.counts["bad messages without a dead letter"] == found.counts["bad messages"]


def test_what_nobody_can_take_is_put_aside_once_and_holds_up_nothing(tmp_path: Path) -> None:
    system = Invoicing(bad=BAD)
    with deployment(tmp_path, system) as place:
        summary, wrong = run(place, Book(system.kinds), [], seed=SEED, tell=print, first_s=FIRST_S)
        assert not wrong, "\n".join(wrong)
        counts = summary["counts"]
        assert counts["bad messages"] >= BAD and counts["orders of others"] > BAD / 4
        assert counts["dead letters of the queue"] >= counts["bad messages"]
