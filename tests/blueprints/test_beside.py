"""An API runs in front of services that are here or apart: v1 beside five services, payments in a process of its
own, and two copies of the front that share one port.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import services_apart as apart
from tests.support.keeping import nothing
from tests.support.people import ADMIN, People
from tests.support.shop import Shop, until
from tests.support.shops import furnish

pytestmark = [pytest.mark.postgres, pytest.mark.rabbitmq]
BESIDE = str(Path(__file__).with_name("beside.toml"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(nothing(tmp_path_factory.mktemp("beside") / "shop", "services"), People())
    made.blueprint = ("--blueprint", BESIDE)
    try:
        furnish(made.start())
        yield made
        assert made.sigterm() == 0
    finally:
        made.close()
        made.keeping.drop()


def copies(shop: Shop) -> dict[str, int]:
    """Process ids of the two fronts, by the name of each in the log of `up`."""
    assert shop.process is not None
    found = [pid for pid in apart.children(shop.process.pid) if apart.process_name(pid) == "shop"]
    return {Path(f"/proc/{pid}/cmdline").read_text().partition("--copy\0")[2][0]: pid for pid in found}


def test_an_order_comes_to_its_end_across_processes(shop: Shop) -> None:
    order = shop.order()
    assert shop.wait_final(order)["status"] == "CONFIRMED"
    shop.settle()
    told = [entry["name"] for entry in shop.get(f"/orders/{order}/timeline")["data"]]
    assert {"order.created", "stock.reserved", "payment.requested", "payment.completed"} <= set(told)
    assert sorted(told) == sorted(set(told)), "each event once"
    assert told.index("payment.requested") < told.index("payment.completed") < told.index("order.confirmed")
    assert shop.get(f"/payments?orderId={order}")["data"][0]["status"] == "COMPLETED"
    assert set(shop.get("/ops/stats", who="admin")["services"]) == set(apart.SERVICES)


@pytest.mark.parametrize("token", ["tok_declined", "tok_webhook", "tok_charged_no_answer"])
def test_what_the_provider_says_reaches_payments(shop: Shop, token: str) -> None:
    order = shop.wait_final(shop.order(token))
    assert order["status"] == ("FAILED" if token == "tok_declined" else "CONFIRMED")


def test_both_copies_answer_on_the_one_port(shop: Shop) -> None:
    """The system gives each connection to one of them, by its address: of sixty each gets some."""

    def open_files() -> dict[str, int]:
        return {copy: len(os.listdir(f"/proc/{pid}/fd")) for copy, pid in copies(shop).items()}

    before = open_files()
    connections = [shop.connect() for _ in range(60)]
    try:
        assert {connection.call("GET", "/health/ready").status for connection in connections} == {200}
        more = {copy: count - before[copy] for copy, count in open_files().items()}
        assert sorted(more) == ["1", "2"] and min(more.values()) >= 10, more
    finally:
        for connection in connections:
            connection.close()


def test_whoever_waits_at_one_copy_hears_of_the_other(shop: Shop) -> None:
    """The end of an order is committed by either of them; a wait that nobody ends takes thirty seconds."""
    orders = [shop.order() for _ in range(10)]
    for order in orders:
        with shop.connect(timeout=45) as connection:
            token = shop.token("ada")
            answer = connection.call(
                "GET", f"/api/v1/orders/{order}", token=token, headers={"Prefer": "wait=30"}
            )
            assert answer.json["status"] == "CONFIRMED"


def test_a_copy_that_is_killed_comes_back_and_nothing_is_lost(shop: Shop) -> None:
    before = copies(shop)
    orders = [shop.order() for _ in range(5)]
    os.kill(before["1"], signal.SIGKILL)
    shop._hang_up()

    def placed() -> str | None:
        try:
            return shop.order()
        except (OSError, AssertionError):  # this connection was the killed one's
            shop._hang_up()
            return None

    orders.append(until(placed, "the other copy takes an order", 15.0))
    for order in orders:
        assert shop.wait_final(order)["status"] == "CONFIRMED"
    until(lambda: len(now := copies(shop)) == 2 and now["1"] != before["1"], "the copy is back")
    shop.settle()
    shop.assert_clean()


def test_the_first_admin_is_made_once(shop: Shop) -> None:
    assert shop.keeping.sql("SELECT count(*) FROM users.users WHERE role = 'admin'") == [(1,)]
    assert shop.people.token("admin", shop.connect) and ADMIN.email
