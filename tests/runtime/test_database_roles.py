"""Each service that runs apart has a role of its own: it reads and writes its rows, and sees nobody else's."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa

from tests.support.databases import own_database, rows
from tradewind.core.store import StoreUnusable
from tradewind.runtime import blueprint as blueprints
from tradewind.runtime import config as settings
from tradewind.runtime import database_roles, migrations, mysql_roles, roles
from tradewind.runtime.processes.plan import FOLDER
from tradewind.runtime.registry import SERVICES
from tradewind.runtime.schema import schemas

KEY = "a key of the tests, of 32 bytes or more"


@pytest.mark.postgres
async def test_a_service_reaches_its_own_rows_alone(tmp_path: Path) -> None:
    chosen = blueprints.load("services", folder=FOLDER, services=SERVICES, environment={})
    with own_database("roles") as url:
        config = settings.load(
            {}, chosen.settings, [f"data={tmp_path}", f"database_url={url}", f"jwt_secret={KEY}"]
        )
        migrations.up(url, tmp_path, schemas(), chosen.schemas)
        made = database_roles.make_roles(config, chosen)
        assert made == database_roles.make_roles(config, chosen), "a second start changes nothing"
        owner = await asyncpg.connect(url)
        try:
            orders = await asyncpg.connect(database_roles.url_of(config, chosen, "orders"))
            assert await orders.fetch("SELECT * FROM orders.orders") == []
            for forbidden in ("SELECT * FROM payments.payments", "CREATE TABLE orders.more (id text)"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await orders.fetch(forbidden)
            await orders.close()
        finally:
            for role in made:
                await owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
            await owner.close()


@pytest.mark.mysql
def test_a_service_reaches_its_own_rows_alone_on_mysql(tmp_path: Path) -> None:
    chosen = blueprints.load("services", folder=FOLDER, services=SERVICES, environment={})
    with own_database("roles", "mysql") as url:
        config = settings.load(
            {}, chosen.settings, [f"data={tmp_path}", f"database_url={url}", f"jwt_secret={KEY}"]
        )
        with pytest.raises(StoreUnusable, match="there are no tables tw_users_… yet: run `tradewind migrate"):
            database_roles.make_roles(config, chosen)
        migrations.up(url, tmp_path, schemas(), chosen.schemas)
        made = database_roles.make_roles(config, chosen)
        try:
            assert made == database_roles.make_roles(config, chosen), "a second start changes nothing"
            assert all(len(role) <= 32 for role in made)
            orders = database_roles.url_of(config, chosen, "orders")
            assert rows(orders, "SELECT * FROM tw_orders_orders") == []
            rows(orders, "INSERT INTO tw_orders_counters VALUES ('mine', 1)")
            for forbidden in (
                "SELECT * FROM tw_payments_payments",
                "CREATE TABLE tw_orders_more (id int)",
                "DROP TABLE tw_orders_counters",
                "TRUNCATE tw_orders_counters",
            ):
                with pytest.raises(sa.exc.OperationalError, match="command denied"):
                    rows(orders, forbidden)
            kept = roles.grant(url, ["orders"], {}, prefix=database_roles.prefix(url))
            assert [one.password for one in kept] == [""], "it keeps the password that it has"
            rows(url, f"GRANT SELECT ON *.* TO '{made[0]}'@'%%'")
            with pytest.raises(StoreUnusable, match="has SELECT on more than its tables"):
                database_roles.make_roles(config, chosen)
        finally:
            for role in made:
                for host in mysql_roles.HOSTS:
                    rows(url, f"DROP USER '{role}'@'{host.replace('%', '%%')}'")


def test_roles_of_two_databases_of_a_server_differ() -> None:
    assert database_roles.prefix("postgresql://u@h:5432/shop") == "shop"
    long = database_roles.prefix(f"postgresql://h/{'x' * 60}")
    assert long.startswith("tw_") and len(long) <= database_roles.LONGEST
    assert database_roles.prefix("postgresql://h/My-Shop") != database_roles.prefix("postgresql://h/my-shop")


def test_each_service_has_a_password_of_its_own(tmp_path: Path) -> None:
    config = settings.load(
        {}, {}, [f"data={tmp_path}", f"jwt_secret={KEY}", "database_url=postgresql://u:p@h:5432/shop"]
    )
    chosen = blueprints.load("services", folder=FOLDER, services=SERVICES, environment={})
    urls = {name: database_roles.url_of(config, chosen, name) for name in ("orders", "payments")}
    assert urls["orders"].startswith("postgresql://shop_orders:") and urls["orders"].endswith("@h:5432/shop")
    assert urls["orders"].split(":")[2] != urls["payments"].split(":")[2]
