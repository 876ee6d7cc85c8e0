"""A shop that is well passes every line, and each line has been seen red for what it is there for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.operations.audit.shop import config, red, spoil
from tradewind.core import checks
from tradewind.core.clock import derived
from tradewind.operations.audit import Promise, run_audit, stories

COUNTED = {
    Promise.KEPT: 8,
    Promise.MONEY: 8,
    Promise.STOCK: 1,
    Promise.WHOLE: 5,
    Promise.CLEAN: 3,
    Promise.PAPERS: 8,
    Promise.LETTERS: 0,
}


def test_a_shop_that_is_well(data: Path) -> None:
    report = run_audit(config(data))
    assert red(report) == {}
    assert (report.running, report.orders, report.in_flight) == (False, 8, 0)
    assert [finding.name for finding in report.findings] == [promise.value for promise in Promise]
    assert COUNTED.items() <= {Promise(finding.name): finding.checked for finding in report.findings}.items()
    # five orders of two, one of them cancelled and one with 500 given back
    money = next(finding for finding in report.findings if finding.name == Promise.MONEY)
    assert money.note == "194.90 EUR"


LOG = """INSERT INTO orders_log SELECT (SELECT max(seq) + 1 FROM orders_log), 'x', '{name}', {key}, body, cause, trace, at FROM orders_log
         WHERE key = :confirmed LIMIT 1"""
READ = "UPDATE {service}_cursors SET position = (SELECT max(seq) FROM orders_log) WHERE source = 'orders'"
ALL_READ = [
    READ.format(service=service) for service in ("inventory", "payments", "invoices", "notifications")
]


def said(name: str, key: str = "key") -> str:
    return LOG.format(name=name, key=key)


TIMER = (
    "INSERT INTO payments_timers VALUES ('payments.check_due:x', 'payments.check_due', "
    '\'{"paymentId":"x"}\', 1000)'
)
ACTIVITY = (
    "INSERT INTO payments_activities VALUES ('act', 'payments.ask', '{\"paymentId\":\"x\"}', 7, "
    "1000, 'no answer', '', 1000)"
)
LETTER = (
    "INSERT INTO orders_parked VALUES ('let', 'RETRYING', 'event', 'payment.completed', 'x', '{}', "
    "1, 'bug', '', 1000, 1000, 1000)"
)
STRAY = """INSERT INTO payments_payments SELECT '00000000-0000-7000-8000-000000000000', order_id, customer_id, amount, currency, 0, 0,
           'FAILED', provider, '', '', 0, created_at, updated_at, NULL FROM payments_payments WHERE order_id = :confirmed"""

SPOILED: list[tuple[str, Promise, str, list[str]]] = [
    (
        "an answer whose order is gone",
        Promise.KEPT,
        "gone",
        [
            """INSERT INTO orders_inbox SELECT 'c', 'f', 0, '{"id":"gone","customerId":"b"}', 0 FROM
            orders_orders LIMIT 1
            """
        ],
    ),
    ("an event whose order is gone", Promise.KEPT, "gone", [said("order.created", "'gone'"), *ALL_READ]),
    (
        "an order that nobody placed",
        Promise.REAL,
        "confirmed",
        ["DELETE FROM orders_log WHERE key = :confirmed AND name = 'order.created'"],
    ),
    (
        "a reservation of no order",
        Promise.REAL,
        "none",
        ["INSERT INTO inventory_reservations VALUES ('none', 'RELEASED', '{}', 0, 0, 0, NULL)"],
    ),
    (
        "a total that is not its lines'",
        Promise.MONEY,
        "declined",
        [
            "UPDATE orders_orders SET total = total + 1 WHERE id = :declined",
            "UPDATE payments_payments SET amount = amount + 1 WHERE order_id = :declined",
        ],
    ),
    (
        "a payment of another amount",
        Promise.MONEY,
        "declined",
        ["UPDATE payments_payments SET amount = amount + 1 WHERE order_id = :declined"],
    ),
    (
        "a payment that was not charged",
        Promise.MONEY,
        "declined",
        ["UPDATE payments_payments SET status = 'PENDING' WHERE order_id = :declined"],
    ),
    (
        "an order that says it is paid",
        Promise.MONEY,
        "declined",
        ["UPDATE orders_orders SET payment_status = 'paid' WHERE id = :declined"],
    ),
    (
        "a refund that nobody made",
        Promise.MONEY,
        "refunded",
        ["UPDATE payments_refunds SET amount = amount + 1 WHERE order_id = :refunded"],
    ),
    (
        "a refund that nobody carries",
        Promise.MONEY,
        "confirmed",
        ["UPDATE payments_payments SET refunding = 1 WHERE order_id = :confirmed"],
    ),
    ("two payments", Promise.WHOLE, "confirmed", [STRAY]),
    (
        "more on the shelf than came",
        Promise.STOCK,
        "tea",
        ["UPDATE inventory_products SET on_hand = on_hand + 1 WHERE id = :tea"],
    ),
    (
        "held for nobody",
        Promise.STOCK,
        "tea",
        ["UPDATE inventory_products SET held = held + 1 WHERE id = :tea"],
    ),
    (
        "sold to nobody",
        Promise.STOCK,
        "tea",
        ["UPDATE inventory_products SET committed = committed - 1 WHERE id = :tea"],
    ),
    (
        "a delivery of no product",
        Promise.STOCK,
        "none",
        ["INSERT INTO inventory_movements VALUES ('m', 'none', 3, '', 3, 0)"],
    ),
    (
        "oversold",
        Promise.STOCK,
        "tea",
        [
            "UPDATE inventory_products SET on_hand = 1 WHERE id = :tea",
            "INSERT INTO inventory_movements SELECT 'm', id, -104, 'lost', 1, 0 FROM inventory_products "
            "WHERE id = :tea",
        ],
    ),
    (
        "told nothing",
        Promise.WHOLE,
        "confirmed",
        [
            "DELETE FROM notifications_notifications WHERE order_id = :confirmed AND template = "
            "'order_confirmed'"
        ],
    ),
    (
        "told twice",
        Promise.WHOLE,
        "confirmed",
        [
            """INSERT INTO notifications_notifications SELECT substr(id, 1, 30) || 'ffffff', order_id,
            customer_id, template, about, channel, locale, subject, body, status, created_at FROM
            notifications_notifications WHERE order_id = :confirmed AND template = 'order_received'
            """
        ],
    ),
    (
        "another customer's invoice",
        Promise.WHOLE,
        "confirmed",
        ["UPDATE invoices_invoices SET customer_id = 'x' WHERE order_id = :confirmed"],
    ),
    (
        "other stock than it ordered",
        Promise.WHOLE,
        "confirmed",
        [
            "UPDATE inventory_reservations SET items = replace(items, ':2}', ':3}') WHERE id = :confirmed",
            "UPDATE inventory_products SET committed = committed + 1",
        ],
    ),
    (
        "its stock is only held",
        Promise.WHOLE,
        "confirmed",
        [
            "UPDATE inventory_reservations SET status = 'HELD' WHERE id = :confirmed",
            "UPDATE inventory_products SET committed = committed - 2, held = held + 2",
        ],
    ),
    (
        "a failed order keeps its stock",
        Promise.CLEAN,
        "declined",
        [
            "UPDATE inventory_reservations SET status = 'HELD' WHERE id = :declined",
            "UPDATE inventory_products SET held = held + 2",
        ],
    ),
    (
        "a failed order has an open invoice",
        Promise.CLEAN,
        "declined",
        ["UPDATE invoices_invoices SET status = 'DRAFT' WHERE order_id = :declined"],
    ),
    (
        "a failed order was told nothing",
        Promise.CLEAN,
        "short",
        ["DELETE FROM notifications_notifications WHERE order_id = :short AND template = 'order_failed'"],
    ),
    ("a deadline that passed", Promise.MOVES, "payments.check_due:x", [TIMER]),
    ("an activity that goes on for ever", Promise.MOVES, "act", [ACTIVITY]),
    ("a message that nobody tries again", Promise.MOVES, "let", [LETTER]),
    ("an end after the end", Promise.LEGAL, "confirmed", [said("order.failed"), *ALL_READ]),
    ("placed twice", Promise.LEGAL, "confirmed", [said("order.created"), *ALL_READ]),
    ("an event that orders does not have", Promise.LEGAL, "confirmed", [said("order.lost"), *ALL_READ]),
    (
        "a change that nobody made",
        Promise.LEGAL,
        "confirmed",
        ["UPDATE orders_orders SET version = 9 WHERE id = :confirmed"],
    ),
    (
        "a paper that was changed",
        Promise.PAPERS,
        "INV-",
        ["UPDATE invoices_invoices SET issued_at = issued_at + 1 WHERE order_id = :confirmed"],
    ),
    (
        "a paper that is not sealed",
        Promise.PAPERS,
        "INV-",
        ["UPDATE invoices_invoices SET hash = 'x' WHERE order_id = :confirmed"],
    ),
    (
        "a credit note that was changed",
        Promise.PAPERS,
        "CN-",
        ["UPDATE invoices_credit_notes SET reason = 'x' WHERE order_id = :refunded"],
    ),
    (
        "a credit note less",
        Promise.PAPERS,
        "CN-",
        ["DELETE FROM invoices_credit_notes WHERE order_id = :refunded"],
    ),
    (
        "a number in a draft",
        Promise.PAPERS,
        "INV-2000-000001",
        ["UPDATE invoices_invoices SET number = 'INV-2000-000001' WHERE order_id = :declined"],
    ),
    (
        "a series that was set back",
        Promise.PAPERS,
        "INV",
        ["UPDATE invoices_series SET next = next - 1 WHERE id = 'INV'"],
    ),
    (
        "a series that forgot its seal",
        Promise.PAPERS,
        "CN",
        ["UPDATE invoices_series SET last_hash = 'x' WHERE id = 'CN'"],
    ),
    (
        "a paper that cannot be read",
        Promise.PAPERS,
        "",
        ["UPDATE invoices_invoices SET lines = '?' WHERE order_id = :declined"],
    ),
]


@pytest.mark.parametrize(
    ("promise", "whom", "statements"), [case[1:] for case in SPOILED], ids=[case[0] for case in SPOILED]
)
def test_a_store_that_was_spoiled(
    data: Path, orders: dict[str, str], promise: Promise, whom: str, statements: list[str]
) -> None:
    spoil(data, *statements, **orders)
    found = red(run_audit(config(data)))
    assert list(found) == [promise]
    assert all(
        [
            one == orders.get(whom, whom) or (whom in ("INV-", "CN-", "") and one.startswith(whom))
            for one in found[promise]
        ]
    ), found


LEDGER: list[tuple[str, str, str]] = [
    (
        "charged twice",
        "confirmed",
        "INSERT INTO takings (key, amount, taken_at) SELECT key, amount, taken_at FROM takings WHERE key "
        "= :key",
    ),
    ("charged more", "confirmed", "UPDATE takings SET amount = amount + 1 WHERE key = :key"),
    ("not charged", "confirmed", "DELETE FROM takings WHERE key = :key"),
    (
        "charged though it failed",
        "declined",
        "INSERT INTO takings (key, amount, taken_at) SELECT key, amount, 0 FROM charges WHERE key = :key",
    ),
    ("given back without a word", "confirmed", "INSERT INTO refunds VALUES ('r', :key, 7, 0)"),
    ("given back more than taken", "cancelled", "INSERT INTO refunds VALUES ('r', :key, 7, 0)"),
]


@pytest.mark.parametrize(
    ("order", "statement"), [case[1:] for case in LEDGER], ids=[case[0] for case in LEDGER]
)
def test_a_ledger_that_says_otherwise(data: Path, orders: dict[str, str], order: str, statement: str) -> None:
    spoil(data, statement, file="provider.db", key=derived(orders[order], "payment"))
    found = red(run_audit(config(data)))
    assert list(found) == [Promise.MONEY]
    assert set(found[Promise.MONEY]) == {orders[order]}


def test_orders_that_are_read_in_many_windows(
    data: Path, orders: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stories, "WINDOW", 1)
    monkeypatch.setattr(checks, "PAGE", 1)
    report = run_audit(config(data))
    assert (red(report), report.orders) == ({}, 8)
    spoil(data, STRAY, confirmed=orders["confirmed"])
    assert red(run_audit(config(data))) == {Promise.WHOLE: [orders["confirmed"]]}


def test_money_of_nobody(data: Path) -> None:
    spoil(
        data,
        "INSERT INTO charges VALUES ('none', 'ch', 9, 'EUR', 'tok_ok', 'CHARGED', '', 0, NULL, 0)",
        "INSERT INTO takings (key, amount, taken_at) VALUES ('none', 9, 0)",
        file="provider.db",
    )
    assert red(run_audit(config(data))) == {Promise.MONEY: ["none"]}


def test_what_holds_for_no_moment_is_not_asked_of_an_order_on_its_way(
    data: Path, orders: dict[str, str]
) -> None:
    spoil(
        data,
        "INSERT INTO payments_activities VALUES ('a', 'x', '{\"orderId\":\"' || :confirmed || '\"}', 0, "
        "0, '', '', 9e12)",
        "UPDATE payments_payments SET refunding = 1 WHERE order_id = :confirmed",
        confirmed=orders["confirmed"],
    )
    report = run_audit(config(data))
    assert red(report) == {}
    assert report.in_flight == 1


def test_an_order_that_nothing_will_move(data: Path, orders: dict[str, str]) -> None:
    spoil(
        data,
        "UPDATE orders_orders SET status = 'PENDING', version = 1 WHERE id = :confirmed",
        "DELETE FROM orders_log WHERE key = :confirmed AND name = 'order.confirmed'",
        confirmed=orders["confirmed"],
    )
    assert red(run_audit(config(data))) == {Promise.MOVES: [orders["confirmed"]]}


def test_dead_letters_are_listed_and_no_broken_promise(data: Path, orders: dict[str, str]) -> None:
    spoil(
        data,
        "INSERT INTO invoices_parked VALUES ('let', 'DEAD', 'event', 'order.confirmed', :confirmed, "
        "'{}', 5, 'bug', '', 1, 1, 1)",
        "UPDATE invoices_invoices SET customer_id = 'x' WHERE order_id = :confirmed",
        confirmed=orders["confirmed"],
    )
    report = run_audit(config(data))
    assert red(report) == {}
    letters = report.findings[-1]
    assert (letters.name, letters.checked, letters.ok) == (Promise.LETTERS, 1, True)
    assert [(one.id, orders["confirmed"] in one.why, "bug" in one.why) for one in letters.broken] == [
        ("let", True, True)
    ]


def test_only_the_first_are_named(data: Path) -> None:
    row = "INSERT INTO inventory_reservations VALUES ('none' || {n}, 'RELEASED', '{{}}', 0, 0, 0, NULL)"
    spoil(data, *[row.format(n=n) for n in range(30)])
    finding = run_audit(config(data)).findings[1]
    assert (finding.name, finding.violations, len(finding.broken)) == (Promise.REAL, 30, 20)


def test_a_log_that_was_trimmed_is_no_phantom(data: Path) -> None:
    spoil(data, "DELETE FROM orders_log WHERE seq <= 4")
    assert red(run_audit(config(data))) == {}
