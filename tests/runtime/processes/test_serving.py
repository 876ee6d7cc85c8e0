"""`tradewind serve` runs one process, and says in one line why it cannot."""

from __future__ import annotations

import json
import re
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.runtime.processes.programs import Program
from tests.runtime.processes.supervised import gone
from tests.support.keeping import Keeping, nothing
from tests.support.program import run
from tradewind.contracts.policies import Policies
from tradewind.runtime import blueprint, config, migrations
from tradewind.runtime.blueprint import Address, BadBlueprint, Blueprint
from tradewind.runtime.processes import plan
from tradewind.runtime.processes.arguments import Arguments, parse
from tradewind.runtime.registry import SERVICES
from tradewind.runtime.schema import schema

New = Callable[..., Program]


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Keeping]:
    """A database with nothing in it."""
    made = nothing(tmp_path / "data", "postgres")
    yield made
    made.drop()


@pytest.mark.parametrize(
    ("words", "means"),
    [
        ("shop", Arguments("shop")),
        ("orders --blueprint rpc --copy 2", Arguments("orders", "rpc", 2)),
        (
            "--blueprint=rpc orders --set a=b --set=c=d --port 0",
            Arguments("orders", "rpc", sets=("a=b", "c=d", "port=0")),
        ),
        (
            "orders --supervised 7 --host h --data d",
            Arguments("orders", supervised=7, sets=("data=d", "host=h")),
        ),
        ("", None),
        ("orders payments", None),
        ("orders --help", None),
        ("orders -h x", None),
        ("orders --port", None),
        ("orders --colour red", None),
        ("orders --copy two", None),
        ("orders --copy -1", None),
    ],
)
def test_what_is_asked(words: str, means: Arguments | None) -> None:
    assert parse(["serve", *words.split()]) == means


def test_what_up_is_asked() -> None:
    assert parse(["up", "--blueprint", "rpc", "--port=0", "--set", "a=b"]) == Arguments(
        "", "rpc", sets=("a=b", "port=0")
    )
    assert parse(["up"]) == Arguments()
    assert [parse(["up", *words.split()]) for words in ("orders", "--copy 1", "--help")] == [None] * 3


def test_starts_with_little_and_stops_cleanly(program: New) -> None:
    served = program("serve", "gateway", "--blueprint", "rpc", "--port", "0")
    served.says("^tradewind: gateway of blueprint rpc is up at http://127.0.0.1:")
    assert served.serves()[0]["heavy"] == []
    assert served.end(signal.SIGTERM) == 0
    assert served.text.endswith("tradewind: stopped; everything that was accepted is kept\n")


def test_reports_to_its_supervisor_and_leaves_with_it(program: New) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        words = ("serve", "orders", "--blueprint", "rpc", "--copy", "2", "--supervised", str(theirs.fileno()))
        served = program(*words, fd=theirs.fileno(), variables={"ORDERS_COPIES": "2", "ORDERS_OPS_PORT": "0"})
        theirs.close()
        ours.settimeout(90)
        said = json.loads(ours.recv(4096))
        assert said["ready"] and said["url"].startswith("http://127.0.0.1:")
        ours.close()
        assert served.end() == 0
        gone(served.process.pid)


def test_says_why_not(program: New) -> None:
    served = program(
        "serve", "gateway", "--blueprint", "rpc", variables={"SERVED_WHY": "the broker\nis away"}
    )
    assert served.end() == 1
    assert served.text == "tradewind: the broker is away\n"
    ours, theirs = socket.socketpair()
    with ours, theirs:
        told = program(
            "serve",
            "orders",
            "--blueprint",
            "rpc",
            "--supervised",
            str(theirs.fileno()),
            fd=theirs.fileno(),
            variables={"SERVED_WHY": "the broker is away"},
        )
        theirs.close()
        assert told.end() == 1
        assert told.text == ""
        assert json.loads(ours.recv(4096)) == {"failed": "the broker is away"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("ordres --blueprint rpc", "rpc: no process 'ordres'; did you mean 'orders'?"),
        ("orders", "default: no process 'orders'; there is shop"),
        ("orders --blueprint rcp", "no blueprint 'rcp'; did you mean 'rpc'?"),
        ("orders --blueprint rpc --copy 2", "rpc: orders has 1 copies, so --copy is 1 to 1"),
        ("orders --blueprint rpc --set port=x", "TRADEWIND_PORT (--set): 'x' is not a whole number"),
        ("orders --blueprint rpc --set database_url=", "rpc: TRADEWIND_DATABASE_URL is empty"),
        ("orders --blueprint rpc --set broker_url=", "rpc: TRADEWIND_BROKER_URL is empty"),
        ("orders --blueprint rpc --set reactions=invoice", "TRADEWIND_REACTIONS (--set) is not a setting"),
        (
            "orders --blueprint rpc --set database_url=postgresql://nobody@127.0.0.1:9/x",
            "PostgreSQL 127.0.0.1:9/x: ",
        ),
    ],
)
def test_what_cannot_be_served_is_told_in_one_line(words: str, says: str) -> None:
    done = run("serve", *words.split())
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"tradewind: {says}"), done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.postgres
def test_a_schema_that_is_not_there_is_told_with_the_command_that_makes_it(
    tmp_path: Path, empty: Keeping
) -> None:
    done = run("serve", "orders", "--blueprint", "rpc", "--set", f"database_url={empty.url}")
    assert done.returncode == 1
    assert re.search(
        r"order_schema is not migrated .*run `tradewind migrate run --blueprint rpc --service orders`$",
        done.stderr.strip(),
    )
    assert done.stderr.startswith("tradewind: ") and done.stderr.count("\n") == 1


@pytest.mark.postgres
def test_a_schema_of_a_newer_version_is_left_alone(tmp_path: Path, empty: Keeping) -> None:
    slices = [schema("orders")]
    migrations.up(empty.url, tmp_path, slices, {"orders": "order_schema"})
    empty.sql("INSERT INTO order_schema.schema_steps (step) VALUES ('0099_from_tomorrow')")
    done = run("serve", "orders", "--blueprint", "rpc", "--set", f"database_url={empty.url}")
    assert done.returncode == 1
    assert re.search("order_schema is from a newer version of Tradewind, .*0099_from_tomorrow", done.stderr)
    assert done.stderr.startswith("tradewind: ") and done.stderr.count("\n") == 1


OPEN = Policies(
    pricing="client", payment="none", invoice="none", customers="any", products="any", access="open"
)


def named(api: str, bus: str, **processes: tuple[str, ...]) -> Blueprint:
    made = tuple(
        blueprint.Process(name, services, {api: Address("http")} if name == "front" else {})
        for name, services in processes.items()
    )
    promised = Policies(access="open") if api == "rpc" else Policies()
    return Blueprint("mine", "", made, {}, bus=bus, policies=promised)


@pytest.mark.parametrize(
    ("mine", "says"),
    [
        (named("rpc", "local", front=("users",)), "mine: API rpc needs the service orders: name it"),
        (
            named("v1", "rabbitmq", front=(), shop=SERVICES),
            r'mine: API v1 in front asks users in shop over services: write \[requests\] users = "services"',
        ),
        (
            replace(
                named("v1", "rabbitmq", front=(), shop=SERVICES),
                requests=dict.fromkeys(SERVICES, ("services",)),
            ),
            "mine: API v1 with services in other processes needs the API provider: add a process",
        ),
        (
            replace(named("rpc", "rabbitmq", front=("orders",), shop=("inventory",)), policies=OPEN),
            'mine: API rpc in front asks inventory in shop over rpc-queues: write .requests. inventory = "',
        ),
        (
            replace(named("v1", "rabbitmq", front=SERVICES), stores={"orders": "postgresql://h/other"}),
            "mine: processes.front: .* and .* share a transaction, so they need one store",
        ),
        (
            named("rpc", "rabbitmq", front=(), orders=("orders",), shop=("inventory", *SERVICES[3:])),
            "mine: orders in orders asks inventory in shop over services: write",
        ),
    ],
)
def test_what_does_not_go_together(mine: Blueprint, says: str) -> None:
    given = {"TRADEWIND_BROKER_URL": "amqp://h", "TRADEWIND_DATABASE_URL": "postgresql://h/d"}
    given["TRADEWIND_PAYMENT_TOKEN"] = "tok_ok"
    with pytest.raises(BadBlueprint, match=says):
        plan.check(config.load(given), mine)


@pytest.mark.parametrize(
    ("policies", "says"),
    [
        (Policies(access="open"), "mine: policies: access = open, and API v1 promises access = jwt"),
        (Policies(pricing="client", products="any"), "API v1 promises pricing = catalogue"),
        (Policies(customers="any"), "API v1 promises customers = must-exist"),
        (Policies(), "mine: payment = on-stock needs the service inventory: name it in a process"),
        (Policies(payment="on-order"), "mine: payment = on-order needs the service payments"),
    ],
)
def test_policies_that_cannot_be_kept(policies: Policies, says: str) -> None:
    with pytest.raises(BadBlueprint, match=says):
        plan.check(config.load({}), replace(named("v1", "local", front=("orders",)), policies=policies))


def test_an_api_that_asks_nobody_needs_an_open_shop() -> None:
    mine = replace(named("rpc", "local", front=SERVICES), policies=Policies(access="jwt"))
    with pytest.raises(BadBlueprint, match="policies: access = jwt, and API rpc promises access = open"):
        plan.check(config.load({}), mine)


def test_what_pays_on_order_is_set() -> None:
    mine = replace(named("v1", "local", front=SERVICES), policies=Policies(payment="on-order"))
    with pytest.raises(BadBlueprint, match="payment = on-order charges TRADEWIND_PAYMENT_TOKEN, which is"):
        plan.check(config.load({}), mine)
    plan.check(config.load({"TRADEWIND_PAYMENT_TOKEN": "tok_ok"}), mine)


def test_each_copy_has_a_port_of_its_own() -> None:
    orders = blueprint.Process("orders", ("orders",), {}, 3, 9110)
    assert [plan.ops_port(config.load({}), orders, copy) for copy in (1, 2, 3)] == [9110, 9111, 9112]
    assert plan.ops_port(config.load({"TRADEWIND_OPS_PORT": "1"}), orders, 3) == 1
    assert plan.ops_port(config.load({}), blueprint.Process("orders", ("orders",), {}, 3), 3) == 0
    assert [plan.name_of(orders, 2), plan.name_of(blueprint.Process("orders", ("orders",)), 1)] == [
        "orders-2",
        "orders",
    ]
