"""`tradewind audit` says with its exit code whether all holds, and in one line why it cannot tell."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.operations.audit.shop import spoil
from tradewind.cli.app import app
from tradewind.operations.audit import Promise


def run(data: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["audit", "--data", str(data), *words])


def test_all_hold(data: Path) -> None:
    done = run(data)
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line[11:42].strip() for line in lines[:-1]] == [promise.value for promise in Promise]
    assert all([line.startswith("ok ") for line in lines[:-1]])
    assert lines[-1] == "all hold: 8 orders; the platform is stopped"


def test_one_does_not(data: Path, orders: dict[str, str]) -> None:
    spoil(data, "UPDATE orders_orders SET version = 9 WHERE id = :confirmed", **orders)
    done = run(data)
    assert done.exit_code == 1
    assert [line for line in done.stdout.splitlines() if line.startswith("VIOLATION")] == [
        f"VIOLATION  legal transitions only          1 broken of 8 orders: {orders['confirmed']} is "
        f"version 9, and its events lead to 2"
    ]
    assert done.stdout.splitlines()[-1].startswith("1 of 10 do not hold: 8 orders")


def test_json(data: Path, orders: dict[str, str]) -> None:
    spoil(data, "UPDATE orders_orders SET version = 9 WHERE id = :confirmed", **orders)
    done = run(data, "--json")
    report = json.loads(done.stdout)
    assert (done.exit_code, report["ok"], report["running"], report["orders"], report["inFlight"]) == (
        1,
        False,
        False,
        8,
        0,
    )
    (bad,) = [finding for finding in report["findings"] if not finding["ok"]]
    assert (bad["name"], bad["violations"], [one["id"] for one in bad["broken"]]) == (
        Promise.LEGAL,
        1,
        [orders["confirmed"]],
    )


def gone(data: Path) -> None:
    shutil.rmtree(data)


def empty(data: Path) -> None:
    (data / "tradewind.db").unlink()


def no_ledger(data: Path) -> None:
    (data / "provider.db").unlink()


def torn_ledger(data: Path) -> None:
    (data / "provider.db").write_bytes(b"not a database, and long enough to be looked at" * 99)


def torn(data: Path) -> None:
    (data / "tradewind.db").write_bytes(b"not a database, and long enough to be looked at" * 99)


def newer(data: Path) -> None:
    spoil(data, "INSERT INTO orders_schema_steps VALUES ('9999_from_the_future')")


def behind(data: Path) -> None:
    spoil(data, "DELETE FROM orders_schema_steps")


def halved(data: Path) -> None:
    file = data / "tradewind.db"
    file.write_bytes(file.read_bytes()[:40_000])


@pytest.mark.parametrize(
    ("ruin", "says"),
    [
        (gone, "no such data folder"),
        (empty, "there is no shop in this folder"),
        (no_ledger, "the provider's ledger is not there"),
        (torn_ledger, "not a SQLite database"),
        (torn, "not a SQLite database"),
        (newer, "newer version"),
        (behind, "tradewind migrate up"),
        (halved, "corrupt"),
    ],
)
def test_it_cannot_tell(data: Path, ruin: Callable[[Path], None], says: str) -> None:
    ruin(data)
    done = run(data)
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr and done.stderr.count("\n") == 1 and "--data" in done.stderr + "--data"


def test_a_store_that_another_program_has_locked(data: Path) -> None:
    db = sqlite3.connect(data / "tradewind.db", isolation_level=None)
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("BEGIN EXCLUSIVE")
    done = run(data)
    db.close()
    assert (done.exit_code, done.stdout) == (2, "")
    assert "close that program" in done.stderr


def test_a_bad_setting(data: Path) -> None:
    assert run(data, "--set", "NONSENSE=1").exit_code == 2
