"""`tradewind audit`, `dead-letters`, `stats` and `timeline` with `--blueprint rpc`: what they print, and
their exit codes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from tests.operations.audit_rpc.conftest import Shop
from tests.operations.audit_rpc.rpc_services import RpcServices, variables
from tradewind.cli.app import app
from tradewind.core.bus import EventRecord
from tradewind.core.clock import SystemClock
from tradewind.operations.audit import Promise

pytestmark = pytest.mark.postgres
LETTER = "01900000-0000-7000-8000-0000000000ff"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    def ran(shop: Shop, *words: str) -> Result:
        for name, text in variables(shop.url).items():
            monkeypatch.setenv(name, text)
        return CliRunner().invoke(app, [*words, "--blueprint", shop.which, "--data", str(shop.data)])

    return ran


def test_all_hold(published: Shop, run: Callable[..., Result]) -> None:
    done = run(published, "audit")
    assert (done.exit_code, done.stderr) == (0, "")
    *lines, end = done.stdout.splitlines()
    assert [line[11:42].strip() for line in lines] == [promise.value for promise in Promise]
    assert [line[:42].split() for line in lines if not line.startswith("ok ")] == [
        ["-", *promise.value.split()] for promise in (Promise.WHOLE, Promise.CLEAN, Promise.PAPERS)
    ]
    assert all([line.endswith(" not wired here") for line in lines if line.startswith("-")])
    assert end == "all hold: 3 orders; the platform is stopped"


def test_one_does_not(published: Shop, run: Callable[..., Result]) -> None:
    published.outside("UPDATE order_schema.orders SET idempotency_key = 'k-1' WHERE id = '{other}'")
    done = run(published, "audit", "--json")
    report = json.loads(done.stdout)
    assert (done.exit_code, report["ok"], report["running"], report["orders"], report["inFlight"]) == (
        1,
        False,
        False,
        3,
        0,
    )
    assert [finding["name"] for finding in report["findings"] if not finding["wired"]] == [
        Promise.WHOLE,
        Promise.CLEAN,
        Promise.PAPERS,
    ]
    (bad,) = [finding for finding in report["findings"] if not finding["ok"]]
    assert (bad["name"], [one["id"] for one in bad["broken"]]) == (Promise.REAL, [published.ids["other"]])


@pytest.mark.parametrize(
    ("ruin", "words", "says"),
    [
        ("DELETE FROM order_schema.schema_steps", (), "is not migrated"),
        ("INSERT INTO order_schema.schema_steps VALUES ('9999_later')", (), "newer version"),
        ("SELECT 1", ("--set", "database_url=postgresql://postgres@127.0.0.1:1/none"), "127.0.0.1:1/none"),
        ("SELECT 1", ("--set", "nonsense=1"), "not a setting"),
    ],
)
@pytest.mark.parametrize("command", ["audit", "stats"])
def test_it_cannot_tell(
    published: Shop, run: Callable[..., Result], command: str, ruin: str, words: tuple[str, ...], says: str
) -> None:
    published.outside(ruin)
    done = run(published, command, *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr and done.stderr.count("\n") == 1


def test_a_ledger_that_is_not_there(wired: Shop, run: Callable[..., Result]) -> None:
    for file in wired.data.glob("provider.db*"):
        file.unlink()
    done = run(wired, "audit")
    assert (done.exit_code, done.stdout) == (2, "") and "the provider's ledger is not there" in done.stderr


# -- the desk
# ---------------------------------------------------------------------------------------------------------------


async def aside(work: Callable[..., Result], *words: Any) -> Result:
    return await asyncio.to_thread(work, *words)


async def until(true: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(60):
        while not (found := await true()):
            await asyncio.sleep(0.05)
    return found


async def poisoned(rpc_services: RpcServices, shop: Shop, run: Callable[..., Result]) -> tuple[str, Any]:
    """An order that is confirmed, and that inventory knows nothing of; its letter, once it is dead."""
    order = SystemClock().uuid()
    body = f'{{"type":"order.confirmed","orderId":"{order}","customerId":"","total":{{"amount":1,"currency":"EUR"}}}}'
    rpc_services.bus.publish(
        EventRecord("orders", SystemClock().uuid(), "order.confirmed", order, body, "", 1, 1),
        lambda trouble: None,
    )

    async def dead() -> Any:
        found = json.loads((await aside(run, shop, "dead-letters", "list", "--json")).stdout)
        return [
            letter for letter in found if letter["status"] == "DEAD" and letter["name"] == "order.confirmed"
        ]

    (letter,) = [letter for letter in await until(dead) if letter["reason"].startswith("Absent: res")]
    return order, letter


@pytest.mark.usefixtures("silence")
async def test_a_poison_message_is_shown_and_tried_again_by_the_service(
    wired: Shop, run: Callable[..., Result]
) -> None:
    config, blueprint = wired.read
    async with RpcServices(replace(config, retry_delays_ms=(10,)), blueprint) as rpc_services:
        order, letter = await poisoned(rpc_services, wired, run)
        assert (letter["key"], letter["attempts"]) == (order, 2)
        shown = await aside(run, wired, "dead-letters", "show", letter["id"])
        assert json.loads(shown.stdout) == letter
        listed = await aside(run, wired, "dead-letters", "list")
        assert letter["id"] in listed.stdout and "Absent: reservations" in listed.stdout
        audited = await aside(run, wired, "audit")
        assert letter["id"] in audited.stdout.splitlines()[-2]
        wired.outside(
            f"INSERT INTO inventory_schema.reservations VALUES ('{order}', 'HELD', '{{{{}}}}', 0, 0, 0)"
        )
        done = await aside(run, wired, "dead-letters", "replay", letter["id"])
        assert (done.exit_code, done.stdout) == (0, f"{letter['id']} is tried again\n")

        async def handled() -> bool:
            return not wired.outside(f"SELECT 1 FROM inventory_schema.parked WHERE id = '{letter['id']}'")

        await until(handled)
        assert wired.outside(f"SELECT status FROM inventory_schema.reservations WHERE id = '{order}'") == [
            ("COMMITTED",)
        ]


@pytest.mark.usefixtures("silence")
async def test_one_that_is_given_up(published: Shop, run: Callable[..., Result]) -> None:
    async with RpcServices(*published.read) as rpc_services:
        rpc_services.platform.keep_unreadable("payments", "request", "not JSON", "poison", lambda _: None)

        async def letters() -> Any:
            return json.loads((await aside(run, published, "dead-letters", "list", "--json")).stdout)

        (letter,) = await until(letters)
        assert (letter["status"], letter["name"], letter["reason"]) == (
            "DEAD",
            "request",
            "ValueError: poison",
        )
    # and now, with nobody there
    stats = await aside(run, published, "stats")
    assert [line.split()[0] for line in stats.stdout.splitlines()] == ["inventory", "orders", "payments"]
    assert [line.split()[-1] for line in stats.stdout.splitlines()] == ["0", "0", "1"]
    assert (
        await aside(run, published, "dead-letters", "discard", letter["id"])
    ).stdout == f"{letter['id']} is discarded\n"
    assert (await aside(run, published, "dead-letters", "list")).stdout == "none\n"
    for what in ("replay", "discard", "show"):
        done = await aside(run, published, "dead-letters", what, letter["id"])
        assert (done.exit_code, done.stderr) == (1, f"tradewind: no dead letter {letter['id']}\n")


def test_one_that_waits_behind_another(published: Shop, run: Callable[..., Result]) -> None:
    published.outside(
        f"INSERT INTO order_schema.parked VALUES ('{LETTER}', 'WAITING', 'event', 'x', 'k', '{{{{}}}}', "
        f"0, '', '', 1, 1, 1)"
    )
    done = run(published, "dead-letters", "replay", LETTER)
    assert done.exit_code == 1 and done.stderr.startswith("tradewind: waits_for_another: An older message")


def test_the_desk_does_nothing_that_is_due(wired: Shop, run: Callable[..., Result]) -> None:
    """A timer and a letter are due: they are the services' to handle, and what came of them here nobody would
    hear.
    """
    wired.outside(
        "INSERT INTO order_schema.timers VALUES ('t', 'orders.payment_due', "
        '\'{{"orderId":"{confirmed}"}}\', 1000)',
        f"INSERT INTO order_schema.parked VALUES ('{LETTER}', 'DEAD', 'event', 'x', '', '{{{{}}}}', 1, "
        f"'bug', '', 1, 1, 1)",
    )
    assert run(wired, "dead-letters", "replay", LETTER).exit_code == 0
    assert wired.outside("SELECT id FROM order_schema.timers") == [("t",)]
    assert wired.outside("SELECT status, attempts FROM order_schema.parked") == [("RETRYING", 0)]
    stats = json.loads(run(wired, "stats", "--json").stdout)
    assert stats["services"]["orders"] | {"oldestTimerMs": 0} == {
        "activities": 0,
        "oldestActivityMs": 0,
        "timersOverdue": 1,
        "oldestTimerMs": 0,
        "outbox": 0,
        "oldestOutboxMs": 0,
        "parked": 1,
    }


def test_the_timeline_of_an_order(wired: Shop, run: Callable[..., Result]) -> None:
    done = run(wired, "timeline", wired.ids["confirmed"].upper())
    said = [line.split()[1:3] for line in done.stdout.splitlines()]
    assert said == [
        ["orders", "order.created"],
        ["inventory", "stock.reserved"],
        ["orders", "payment.requested"],
        ["payments", "payment.completed"],
        ["orders", "order.confirmed"],
        ["invoices", "invoice.issued"],
    ]
    assert "tok_ok" not in done.stdout
    assert run(wired, "timeline", LETTER).stderr == f"tradewind: no order {LETTER}\n"
