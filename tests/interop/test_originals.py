"""The published systems' own orders and invoices against ours, both ways, over a real RabbitMQ and a real PostgreSQL;
and their own answers over HTTP against ours.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.apart import Apart, free, wait
from tests.support.broker import own_vhost
from tests.support.databases import own_database, rows
from tests.support.http import Connection
from tests.support.queues import outside

from .originals import SYSTEMS, Running, built

pytestmark = [pytest.mark.node, pytest.mark.postgres, pytest.mark.rabbitmq, pytest.mark.slow]
CUSTOMER = "7c69ae16-a49a-4c3b-b507-88e40093a637"
TABLE = 'CREATE TABLE "Order" (id text PRIMARY KEY, "customerId" text NOT NULL, amount integer NOT NULL)'
OURS = {"contracts": ("PORT", "DATABASE_URL"), "invoicing": ("APP_PORT", "DB_URL")}
BIG = b'{"customerId":"' + b"x" * 1_100_000 + b'"}'
JSON, TEXT, FORM = "application/json", "text/plain", "application/x-www-form-urlencoded"
ASKED: list[tuple[str, str, bytes | None, str]] = [
    ("GET", "/health", None, JSON),
    ("GET", "/nowhere?y=1", None, JSON),
    ("POST", "/nowhere", b"{}", JSON),
    ("POST", "/orders", b"", JSON),
    ("POST", "/orders", b"{", JSON),
    ("POST", "/orders", b"5", JSON),
    ("POST", "/orders", b"null", JSON),
    ("POST", "/orders", b"[]", JSON),
    ("POST", "/orders", b"{}", JSON),
    ("POST", "/orders", b'{"amount":"5"}', JSON),
    ("POST", "/orders", b'{"amount":null}', JSON),
    ("POST", "/orders", b'{"amount":true}', JSON),
    ("POST", "/orders", b'{"amount":5000', TEXT),
    ("POST", "/orders", b"amount=5000", FORM),
    ("POST", "/orders", b'{"amount":5000}', ""),
    ("POST", "/orders", BIG, JSON),
]
NOT_JSON = (b"{", b"5", b"null")
ASKED_OF_NEST = [
    ("POST", "/orders", b'{"customerId":"x","amount":5}', JSON),
    ("POST", "/orders", b'{"customerId":"%b","amount":-1}' % CUSTOMER.encode(), JSON),
    ("POST", "/orders", b'{"customerId":"%b","amount":0.5}' % CUSTOMER.encode(), JSON),
    ("POST", "/orders", b'{"customerId":7,"amount":"x"}', JSON),
]


class Pair:
    """The original's services beside ours, on one queue and each on databases of its own."""

    def __init__(self, name: str, home: Path, modules: Path, broker: str, stack: ExitStack) -> None:
        self.name, self.broker = name, broker
        self._home, self._modules, self._stack = home, modules, stack
        built(name)

    def database(self, word: str) -> str:
        return self._stack.enter_context(own_database(f"{word}_{self.name}"))

    def theirs(self, service: str) -> Running:
        url = self.database(f"original_{service}")
        if self.name == "invoicing" and service == "orders":
            rows(url, TABLE)
        variables = {"DATABASE_URL": url, "DB_URL": f"{url}?schema=public", "BROKER_URL": self.broker}
        made = Running(self.name, service, self._home, self._modules, variables)
        self._stack.callback(made.close)
        return made

    def ours(self, service: str, name: str = "") -> tuple[int, str]:
        """The port and the database of our service, of this blueprint or of another."""
        port_name, url_name = OURS[name or self.name]
        port, url = free(), self.database(f"ours_{service}_{name}")
        variables = {
            port_name: str(port),
            url_name: url,
            "BROKER_URL": self.broker,
            f"{service.upper()}_OPS_PORT": "0",
        }
        made = Apart.serve(
            self._home / f"ours-{service}-{name}", service, variables, blueprint=name or self.name
        )
        self._stack.callback(made.close)
        return port, url

    def depth(self) -> int:
        async def ask() -> int:
            async with outside(self.broker) as other:
                return await other.depth("orders")

        return asyncio.run(ask())


@pytest.fixture(params=SYSTEMS)
def pair(request: pytest.FixtureRequest, tmp_path: Path, modules: Path) -> Iterator[Pair]:
    built(request.param)
    with ExitStack() as stack:
        broker = stack.enter_context(own_vhost())
        yield Pair(request.param, tmp_path, modules, broker, stack)


def place(port: int, amount: int) -> Any:
    with Connection(port) as connection:
        answer = connection.call("POST", "/orders", {"customerId": CUSTOMER, "amount": amount})
    assert answer.status == 201, answer
    return answer


@pytest.mark.parametrize("reader", SYSTEMS)
def test_their_orders_have_invoices_of_ours(pair: Pair, reader: str) -> None:
    """Whichever of our blueprints reads them."""
    theirs = pair.theirs("orders")
    for amount in (1, 2, 5_000):
        place(theirs.port, amount)
    _, url = pair.ours("invoices", reader)
    found = wait(lambda: _invoices(url, 3), "three invoices")
    customer = CUSTOMER if pair.name == "invoicing" else "1651654165"
    assert sorted((total, said) for total, said, _ in found) == [
        (amount, customer) for amount in (1, 2, 5_000)
    ]
    assert [int(number) for *_, number in found] == [1, 2, 3]
    assert pair.depth() == 0


def _invoices(url: str, count: int) -> list[Any]:
    found = rows(url, "SELECT total, customer_id, number FROM invoices.invoices ORDER BY number::int")
    return found if len(found) >= count else []


def test_our_orders_are_heard_by_their_invoices(pair: Pair) -> None:
    theirs = pair.theirs("invoices")
    port, _ = pair.ours("orders")
    made = [
        str(place(port, amount).json.get("orderId") or "") or str(place(port, amount).json["id"])
        for amount in (7, 8)
    ]

    def heard() -> bool:
        return all(order in theirs.said for order in made)

    wait(heard, "their invoices print our orders")
    wait(lambda: pair.depth() == 0, "they have acknowledged them")
    assert re.search(r"amount\W+7\b", theirs.said) and CUSTOMER in theirs.said


def test_they_answer_alike(pair: Pair) -> None:
    """The same bytes to both. What is different on purpose is not asked: what an order answers in
    `contracts`, and amounts that the original takes and loses. What V8 says of broken JSON is V8's.
    """
    theirs, (port, _) = pair.theirs("orders"), pair.ours("orders")
    differ = []
    for method, path, body, kind in ASKED + (ASKED_OF_NEST if pair.name == "invoicing" else []):
        found = []
        for at in (theirs.port, port):
            with Connection(at) as connection:
                answer = connection.call(
                    method, path, body, headers={"Content-Type": kind} if body is not None else {}
                )
            found.append((answer.status, _plain(answer.body), answer.headers.get("content-type")))
        if body in NOT_JSON and pair.name == "invoicing":
            for _, told, _ in found:
                told["message"] = "of the parser"
        if found[0] != found[1]:
            differ.append((method, path, (body or b"")[:60], *found))
    assert not differ, "\n".join(map(str, differ))


def _plain(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body
