"""The API and the published table of another package in one process, on SQLite: what is apart elsewhere is here
without a line for it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.support.apart import Apart, wait
from tests.support.http import Connection
from tests.support.program import run

FILE = str(Path(__file__).with_name("numbered_one.toml"))


def test_an_order_is_paid_invoiced_and_read_from_the_published_table(tmp_path: Path) -> None:
    data = tmp_path / "data"
    running = Apart(tmp_path, ("up", "--blueprint", FILE, "--data", str(data), "--port", "0"), {})
    try:
        port = int(running.says(r"is up at http://127\.0\.0\.1:(\d+)[\s\S]*Ctrl-C stops it")[1])
        with Connection(port) as connection:
            made = connection.call("POST", "/orders", {"customerId": "c1", "amount": 5_000}).json
            wait(
                lambda: connection.call("GET", f"/orders/{made['id']}").json["status"] == "CONFIRMED",
                "it is paid",
            )
            (bill,) = connection.call("GET", f"/invoices/{made['uuid']}").json
            assert bill == {"number": 1, "amount": 5_000, "customerId": "c1"}
            assert connection.call("GET", "/orders/2").status == 404
        assert running.stop() == 0, running.log.read_text()[-2_000:]
    finally:
        running.close()
    with sqlite3.connect(data / "tradewind.db") as db:
        shown = db.execute('SELECT id, "customerId", amount, status FROM "orders_Order"').fetchall()
        plan = db.execute(
            'EXPLAIN QUERY PLAN SELECT * FROM "orders_Order" WHERE "customerId" = ? ORDER BY "placedAt" DESC',
            ("c1",),
        ).fetchall()
    db.close()
    assert shown == [(1, "c1", 5_000, "paid")]
    assert "orders_published_customer" in str(plan) and "TEMP B-TREE" not in str(plan)
    audited = run("audit", "--data", str(data))
    assert audited.returncode == 0 and "all hold: 1 orders" in audited.stdout, audited.stdout + audited.stderr
    taken = run("migrate", "run", "--blueprint", "default", "--data", str(data))
    assert "orders -view Order" in taken.stdout, "another blueprint publishes nothing"
