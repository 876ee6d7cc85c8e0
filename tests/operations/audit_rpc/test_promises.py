"""What the services of the blueprint rpc keep passes every line that is wired, and each line has been seen
red for what it is there for.
"""

from __future__ import annotations

import pytest

from tests.operations.audit.shop import red
from tests.operations.audit_rpc.conftest import Shop
from tradewind.operations.audit import Promise, run_audit

pytestmark = pytest.mark.postgres
UUID = "01900000-0000-7000-8000-00000000abcd"


def test_published(published: Shop) -> None:
    report = run_audit(*published.read)
    assert (red(report), report.running, report.orders, report.in_flight) == ({}, False, 3, 0)
    assert {finding.name for finding in report.findings if not finding.wired} == {
        Promise.WHOLE,
        Promise.CLEAN,
        Promise.PAPERS,
    }
    notes = {finding.name: finding.note for finding in report.findings}
    assert notes[Promise.WHOLE] == "not wired here"
    assert notes[Promise.KEPT] == "6 answers"
    assert notes[Promise.MONEY] == "2 payments only written down"


def test_wired(wired: Shop) -> None:
    report = run_audit(*wired.read)
    assert (red(report), report.running, report.orders, report.in_flight) == ({}, False, 3, 0)
    assert [finding.name for finding in report.findings if not finding.wired] == []
    checked = {Promise(finding.name): finding.checked for finding in report.findings}
    assert {Promise.WHOLE: 2, Promise.CLEAN: 1, Promise.MONEY: 3, Promise.STOCK: 1}.items() <= checked.items()
    money = next(finding for finding in report.findings if finding.name == Promise.MONEY)
    assert money.note == "79.96 EUR, 1 payments only written down"


SPOILED: list[tuple[str, Promise, list[str], list[str]]] = [
    (
        "an order is lost",
        Promise.KEPT,
        ["keyed", "keyed"],
        ["DELETE FROM order_schema.orders WHERE id = '{keyed}'"],
    ),
    (
        "a payment is lost",
        Promise.KEPT,
        ["paid"],
        ["DELETE FROM payment_schema.payments WHERE id = '{paid}'"],
    ),
    (
        "an order that nobody placed",
        Promise.REAL,
        ["other"],
        ["DELETE FROM order_schema.log WHERE key = '{other}'"],
    ),
    (
        "two orders under one key",
        Promise.REAL,
        ["other"],
        ["UPDATE order_schema.orders SET idempotency_key = 'k-1' WHERE id = '{other}'"],
    ),
    (
        "two payments under one key",
        Promise.REAL,
        ["twin"],
        ["UPDATE payment_schema.payments SET idempotency_key = 'p-1' WHERE id = '{twin}'"],
    ),
    (
        "a recorded payment that was charged",
        Promise.MONEY,
        ["paid"],
        ["UPDATE payment_schema.payments SET charge_id = 'ch' WHERE id = '{paid}'"],
    ),
    (
        "a recorded payment that was given back",
        Promise.MONEY,
        ["paid"],
        ["UPDATE payment_schema.payments SET refunded = 1 WHERE id = '{paid}'"],
    ),
    (
        "a line that is not price times quantity",
        Promise.MONEY,
        ["plain"],
        [
            """UPDATE order_schema.orders SET items = replace(items, '"quantity":2', '"quantity":3') WHERE id
            = '{plain}'
            """
        ],
    ),
    (
        "stock below nothing",
        Promise.STOCK,
        ["tea"],
        [
            "ALTER TABLE inventory_schema.products DROP CONSTRAINT products_stock",
            "UPDATE inventory_schema.products SET on_hand = -1 WHERE id = '{tea}'",
            "INSERT INTO inventory_schema.movements VALUES ('m', '{tea}', -101, 'lost', -1, 0)",
        ],
    ),
    (
        "more on the shelf than came",
        Promise.STOCK,
        ["tea"],
        ["UPDATE inventory_schema.products SET on_hand = on_hand + 1"],
    ),
    ("held for nobody", Promise.STOCK, ["tea"], ["UPDATE inventory_schema.products SET held = 1"]),
    (
        "an event that is not sent",
        Promise.MOVES,
        ["event"],
        [
            "INSERT INTO order_schema.outbox SELECT 'event', seq, key, 0, at - 20000 FROM "
            "order_schema.log WHERE key = '{plain}'"
        ],
    ),
    (
        "a timer that nobody sees",
        Promise.MOVES,
        ["t"],
        [
            "INSERT INTO payment_schema.timers VALUES ('t', 'payments.check_due', "
            '\'{{"paymentId":"x"}}\', 1000)'
        ],
    ),
    (
        "an activity that goes on for ever",
        Promise.MOVES,
        ["act"],
        [
            "INSERT INTO payment_schema.activities VALUES ('act', 'payments.ask', "
            "'{{\"paymentId\":\"x\"}}', 7, 1000, '', '', 1000)"
        ],
    ),
    (
        "a message that nobody tries again",
        Promise.MOVES,
        ["let"],
        [
            "INSERT INTO order_schema.parked VALUES ('let', 'RETRYING', 'event', 'x', 'x', '{{}}', 1, "
            "'bug', '', 1000, 1000, 1000)"
        ],
    ),
    (
        "an order that became what nobody said",
        Promise.LEGAL,
        ["plain"],
        ["UPDATE order_schema.orders SET version = 9 WHERE id = '{plain}'"],
    ),
]


@pytest.mark.parametrize(
    ("promise", "whom", "statements"), [case[1:] for case in SPOILED], ids=[case[0] for case in SPOILED]
)
def test_what_was_spoiled_is_found(
    published: Shop, promise: Promise, whom: list[str], statements: list[str]
) -> None:
    published.outside(*statements)
    found = red(run_audit(*published.read))
    assert found == {promise: [published.ids.get(one, one) for one in whom]}


SPOILED_WIRED: list[tuple[str, Promise, str, list[str]]] = [
    (
        "a phantom",
        Promise.REAL,
        UUID,
        [
            f"INSERT INTO inventory_schema.reservations VALUES ('{UUID}', 'RELEASED', '{{{{}}}}', 0, 0, 0, NULL)"
        ],
    ),
    (
        "its stock is only held",
        Promise.WHOLE,
        "confirmed",
        [
            "UPDATE inventory_schema.reservations SET status = 'HELD' WHERE id = '{confirmed}'",
            "UPDATE inventory_schema.products SET committed = committed - 2, held = held + 2",
        ],
    ),
    (
        "no invoice",
        Promise.WHOLE,
        "confirmed",
        ["UPDATE invoices.invoices SET status = 'DRAFT', number = NULL WHERE order_id = '{confirmed}'"],
    ),
    (
        "a failed order keeps its stock",
        Promise.CLEAN,
        "failed",
        [
            """INSERT INTO inventory_schema.reservations VALUES ('{failed}', 'HELD', '{{"{tea}":1}}', 0, 0, 0, NULL)
           ON CONFLICT (id) DO UPDATE SET status = 'HELD', items = excluded.items""",
            "UPDATE inventory_schema.products SET held = held + 1",
        ],
    ),
    (
        "paid another amount",
        Promise.MONEY,
        "confirmed",
        ["UPDATE payment_schema.payments SET amount = amount + 1 WHERE order_id = '{confirmed}'"],
    ),
    (
        "an order that nothing will move",
        Promise.MOVES,
        "confirmed",
        [
            "UPDATE order_schema.orders SET status = 'PENDING', version = 1 WHERE id = '{confirmed}'",
            "DELETE FROM order_schema.log WHERE key = '{confirmed}' AND name = 'order.confirmed'",
        ],
    ),
    (
        "ended twice",
        Promise.LEGAL,
        "confirmed",
        [
            """INSERT INTO order_schema.log SELECT seq + 1, 'x', 'order.failed', key, body, cause, trace, at FROM order_schema.log
           WHERE key = '{confirmed}' AND name = 'order.confirmed'""",
            "INSERT INTO inventory_schema.inbox VALUES ('x', '', 0, '', 0)",
            "INSERT INTO payment_schema.inbox VALUES ('x', '', 0, '', 0)",
            "INSERT INTO invoices.inbox VALUES ('x', '', 0, '', 0)",
        ],
    ),
]


@pytest.mark.parametrize(
    ("promise", "whom", "statements"),
    [case[1:] for case in SPOILED_WIRED],
    ids=[case[0] for case in SPOILED_WIRED],
)
def test_what_was_spoiled_in_a_wired_house_is_found(
    wired: Shop, promise: Promise, whom: str, statements: list[str]
) -> None:
    wired.outside(*statements)
    found = red(run_audit(*wired.read))
    assert promise in found and set(found[promise]) == {wired.ids.get(whom, whom)}, found
    assert set(found) <= {promise, Promise.PAPERS}


def test_a_key_may_come_again_after_its_time(published: Shop) -> None:
    published.outside(
        "UPDATE order_schema.orders SET idempotency_key = 'k-1', created_at = created_at + 2592000001 "
        "WHERE id = '{other}'"
    )
    assert red(run_audit(*published.read)) == {}


def test_an_order_from_elsewhere_has_no_history_here(wired: Shop) -> None:
    wired.outside(
        """INSERT INTO order_schema.orders SELECT 'a1b2c3d4-e5f6-4890-abcd-ef1234567890', 'CONFIRMED', 'none', customer_id, items, total,
           currency, NULL, '', 0, 1, created_at + 1, updated_at, 'theirs', 5, number + 1000
           FROM order_schema.orders WHERE id = '{confirmed}'"""
    )
    report = run_audit(*wired.read)
    assert (red(report), report.orders) == ({}, 4)


def test_dead_letters_are_listed(published: Shop) -> None:
    published.outside(
        "INSERT INTO payment_schema.parked VALUES ('let', 'DEAD', 'bus', 'request', '', 'x', 1, 'not "
        "JSON', '', 1, 1, 1)"
    )
    report = run_audit(*published.read)
    letters = report.findings[-1]
    assert (red(report), letters.checked, [one.id for one in letters.broken]) == ({}, 1, ["let"])


def test_what_a_queue_of_the_broker_may_still_have_is_on_its_way(wired: Shop) -> None:
    said = "SELECT id FROM order_schema.log WHERE key = '{confirmed}' AND name = 'order.confirmed'"
    wired.outside(
        f"DELETE FROM invoices.inbox WHERE id IN ({said})",
        "UPDATE invoices.invoices SET status = 'DRAFT' WHERE order_id = '{confirmed}'",
    )
    report = run_audit(*wired.read)
    assert (set(red(report)) - {Promise.PAPERS}, report.in_flight) == (set(), 1)
