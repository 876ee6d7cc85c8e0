"""Each process sees a blueprint with variables of its own, and a service may have a database of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runtime.test_blueprint import GOOD, SERVICES, read
from tradewind.runtime import blueprint, effects
from tradewind.runtime import config as settings
from tradewind.runtime.blueprint import BadBlueprint, Blueprint
from tradewind.runtime.config import BadSetting
from tradewind.runtime.processes import plan
from tradewind.runtime.stores import by_place

EACH = """
[processes.gateway]
apis = { v1 = "http://:${PORT:-3000}" }
[processes.orders]
services = ["orders"]
apis = { services = "rabbitmq://" }
ops_port = "${PORT}"
variables = { PORT = "${ORDERS_PORT:-3002}", DB_NAME = "orders" }
[events]
bus = "rabbitmq"
[stores]
host = "db"
name = "${DB_NAME:-shop}"
"""


def test_each_process_has_variables_of_its_own(tmp_path: Path) -> None:
    """Under `up` what is in the environment is the gateway's; what `serve NAME` finds there is its own."""
    (tmp_path / "mine.toml").write_text(EACH)

    def seen(process: str, **environment: str) -> Blueprint:
        return blueprint.load(
            "mine", folder=tmp_path, services=SERVICES, environment=environment, process=process
        )

    up = seen("", PORT="4000")
    assert (up.settings["port"], up.process("orders").ops_port) == ("4000", 3002)
    assert up.settings["database_url"] == "postgresql://db:5432/shop"
    assert up.process("orders").variables == {"PORT": "3002", "DB_NAME": "orders"}
    own = seen("orders")
    assert (own.process("orders").ops_port, own.settings["database_url"]) == (
        3002,
        "postgresql://db:5432/orders",
    )
    given = seen("orders", PORT="5000", DB_NAME="mine")
    assert (given.process("orders").ops_port, given.settings["database_url"]) == (
        5000,
        "postgresql://db:5432/mine",
    )


@pytest.mark.parametrize(
    ("given", "port", "access"),
    [
        ({}, 3001, "open"),
        ({"URL": "http://users:4001", "KEY": "long"}, 4001, "jwt"),
        ({"OLD_URL": "https://users"}, 443, "open"),
        ({"URL": "http://users:1", "OLD_URL": "http://users:2", "KEY": ""}, 1, "open"),
    ],
)
def test_a_variable_may_have_two_names_a_port_and_a_word_for_it(
    tmp_path: Path, given: dict[str, str], port: int, access: str
) -> None:
    text = EACH.replace("${ORDERS_PORT:-3002}", "${URL|OLD_URL@port:-3001}")
    (tmp_path / "mine.toml").write_text(text + '[policies]\naccess = "${KEY:+jwt:-open}"\n')
    found = blueprint.load("mine", folder=tmp_path, services=SERVICES, environment=given)
    assert found.process("orders").variables["PORT"] == str(port)
    assert found.policies.access == access


def test_a_url_without_a_port_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(EACH.replace("${ORDERS_PORT:-3002}", "${URL@port:-3001}"))
    with pytest.raises(BadBlueprint, match="URL='users' is no URL with a port"):
        blueprint.load("mine", folder=tmp_path, services=SERVICES, environment={"URL": "users"})


def test_a_name_for_all_names_no_process_in_the_traces(tmp_path: Path) -> None:
    named = GOOD.replace("copies =", 'variables = { OTEL_SERVICE_NAME = "shop-orders" }\ncopies =')
    found = read(tmp_path, named, DB_USER="shop", OTEL_SERVICE_NAME="all")
    names = {command.name: command.variables["OTEL_SERVICE_NAME"] for command in plan.commands(found, ())}
    assert names == {"gateway": "", "orders-1": "shop-orders", "orders-2": "shop-orders"}


STORES = """
[processes.gateway]
apis = { v1 = "http://" }
[processes.orders]
services = ["orders"]
variables = { DB_URL = "${ORDERS_DATABASE_URL:-postgresql://db/orders}" }
[processes.others]
services = ["users", "invoices"]
variables = { DB_URL = "${OTHERS_DATABASE_URL:-postgresql://db/others}" }
[events]
bus = "rabbitmq"
[stores]
host = "db"
name = "shop"
user = "me"
"""


def test_a_service_has_a_database_of_its_own(tmp_path: Path) -> None:
    """As its process sees it; what it leaves out is as in the one for all."""
    text = STORES + 'orders.url = "${DB_URL}"\nusers.name = "people"\ninvoices.schema = "papers"\n'
    found = read(tmp_path, text, DB_URL="postgresql://nobody/reads/this")
    assert found.stores == {"orders": "postgresql://db/orders", "users": "postgresql://me@db:5432/people"}
    assert found.schemas["invoices"] == "papers"
    config = settings.load({}, found.settings)
    assert by_place(config, found, SERVICES[:3]) == {
        "postgresql://me@db:5432/people": ["users"],
        "postgresql://me@db:5432/shop": ["inventory"],
        "postgresql://db/orders": ["orders"],
    }
    own = blueprint.load(
        "mine",
        folder=tmp_path,
        services=SERVICES,
        environment={"DB_URL": "postgres://mine/d"},
        process="orders",
    )
    assert own.stores["orders"] == "postgresql://mine/d"


@pytest.mark.parametrize(
    ("store", "says"),
    [
        ('orders.url = "redis://h"', "stores.orders: is not a URL like postgresql://"),
        ('orders.url = "postgresql://h/d"\norders.host = "h"', "stores.orders.url: says all"),
        ('orders.port = "x"', "stores.orders.port: 'x' is not a whole number"),
        ('orders.colour = "red"', "stores.orders: unknown key 'colour'"),
        ('order.name = "red"', "stores: unknown service 'order'; did you mean 'orders'?"),
    ],
)
def test_a_wrong_database_is_told_in_one_line(tmp_path: Path, store: str, says: str) -> None:
    with pytest.raises(BadBlueprint) as bad:
        read(tmp_path, STORES + store)
    assert str(bad.value).startswith(f"mine.toml: {says}") and "\n" not in str(bad.value)


def test_the_one_database_for_all_has_no_effect_where_each_has_its_own(tmp_path: Path) -> None:
    each = "".join([f'{name}.name = "{name}"\n' for name in ("orders", "users", "invoices")])
    given = {"TRADEWIND_DATABASE_URL": "postgresql://h/d"}
    shared, own = read(tmp_path, STORES), read(tmp_path, STORES + each)
    effects.check(settings.load(given, shared.settings), shared, given, ())
    with pytest.raises(BadSetting, match=r"no effect .* \[stores\] names the database of each service"):
        effects.check(settings.load(given, own.settings), own, given, ())


def test_what_a_page_has_and_we_do_not_read_is_named_once() -> None:
    folder = Path(effects.__file__).with_name("blueprints")
    found = blueprint.load("rpc", folder=folder, services=SERVICES, environment={})
    assert effects.ignored(found, {"NODE_ENV": "", "DB_HOST": "db"}) == ""
    given = {"NODE_ENV": "production", "TYPEORM_SYNCHRONIZE": "false"}
    says = "NODE_ENV, TYPEORM_SYNCHRONIZE are set, and change nothing in blueprint rpc"
    assert effects.ignored(found, given) == says


REDIS = (
    EACH
    + """
[redis]
host = "${REDIS_HOST:-localhost}"
port = "${REDIS_PORT:-6379}"
password = "${REDIS_PASSWORD-redispass}"
"""
)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "redis://:redispass@localhost:6379"),
        ({"REDIS_PASSWORD": ""}, "redis://localhost:6379"),
        (
            {"REDIS_PASSWORD": "a/b@c#d", "REDIS_HOST": "::1", "REDIS_PORT": "1"},
            "redis://:a%2Fb%40c%23d@[::1]:1",
        ),
    ],
)
def test_a_redis_by_its_parts_where_an_empty_password_is_none(
    tmp_path: Path, given: dict[str, str], url: str
) -> None:
    (tmp_path / "mine.toml").write_text(REDIS)
    found = blueprint.load("mine", folder=tmp_path, services=SERVICES, environment=given)
    assert found.settings["redis_url"] == url
    assert settings.load({}, found.settings).redis_url == url


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("${REDIS_HOST:-localhost}", "a b", "redis.host: must be a word without spaces"),
        ("${REDIS_PORT:-6379}", "x", "redis.port: 'x' is not a whole number"),
        ("password =", "pass =", "redis: unknown key 'pass'; did you mean 'password'"),
        ("[redis]", '[settings]\nredis_url = "redis://x"\n[redis]', "redis: settings.redis_url says it too"),
    ],
)
def test_a_redis_that_is_wrong(tmp_path: Path, old: str, new: str, says: str) -> None:
    (tmp_path / "mine.toml").write_text(REDIS.replace(old, new))
    with pytest.raises(BadBlueprint, match=says):
        blueprint.load("mine", folder=tmp_path, services=SERVICES, environment={})


def test_a_variable_that_becomes_part_of_a_url(tmp_path: Path) -> None:
    """`${VAR@quoted:-default}`: a password may hold any character."""
    text = EACH.replace(
        'host = "db"\nname = "${DB_NAME:-shop}"', 'url = "mysql://u:${WORD@quoted:-a}@db/shop"'
    )
    (tmp_path / "mine.toml").write_text(text)
    for word, shown in (("p@/:%", "p%40%2F%3A%25"), ("", "a")):
        found = blueprint.load(
            "mine", folder=tmp_path, services=SERVICES, environment={"WORD": word}, process="gateway"
        )
        assert found.settings["database_url"] == f"mysql://u:{shown}@db/shop"
