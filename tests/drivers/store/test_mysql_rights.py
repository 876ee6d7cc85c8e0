"""The rights that the guide names are enough, to run and to migrate, and none of them can be left out. A copy that
the server's own program makes is a shop again.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.drivers.store.tables import PROBE, row
from tests.drivers.store.test_published import PUBLISHED
from tests.drivers.store.test_store_contract import amounts, put
from tests.support.databases import Place, own_database
from tests.support.needs import unmet
from tradewind.core.store import StoreUnusable
from tradewind.drivers.mysql.store import MysqlStore
from tradewind.runtime import migrations

pytestmark = pytest.mark.mysql
GUIDE = (Path(__file__).parents[3] / "docs/guides/deploy.md").read_text()


def rights(what: str) -> list[str]:
    """As the guide lists them."""
    found = re.search(rf"GRANT ([A-Z, ]+) ON shop\.\* TO '{what}'", GUIDE)
    assert found is not None, what
    return found[1].split(", ")


class User:
    def __init__(self, place: Place) -> None:
        self.place, self.name = place, f"rights_{os.getpid()}"
        parts = urlsplit(place.url)
        self.url = parts._replace(netloc=f"{self.name}:pw@{parts.hostname}:{parts.port}").geturl()
        self.drop()
        for host in ("%%", "localhost"):
            place.outside(f"CREATE USER '{self.name}'@'{host}' IDENTIFIED BY 'pw'")

    def may(self, *granted: str) -> None:
        database = urlsplit(self.url).path[1:]
        for host in ("%%", "localhost"):
            self.place.outside(f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM '{self.name}'@'{host}'")
            self.place.outside(f"GRANT {', '.join(granted)} ON {database}.* TO '{self.name}'@'{host}'")

    def drop(self) -> None:
        for host in ("%%", "localhost"):
            self.place.outside(f"DROP USER IF EXISTS '{self.name}'@'{host}'")


@pytest.fixture
def user(mysql: Place) -> Iterator[User]:
    made = User(mysql)
    yield made
    made.drop()


def migrated(user: User) -> None:
    """All that `migrate` does: steps, views, and both undone."""
    migrations.up(user.url, user.place.data, [PUBLISHED])
    migrations.up(user.url, user.place.data, [PROBE])
    migrations.down(user.url, user.place.data, PROBE, 0)


# an UPDATE is in the steps of services alone
@pytest.mark.parametrize("missing", ["", *(right for right in rights("shop_migrate") if right != "UPDATE")])
def test_to_migrate(user: User, missing: str) -> None:
    user.may(*[right for right in rights("shop_migrate") if right != missing])
    if not missing:
        migrated(user)
        return
    with pytest.raises(StoreUnusable, match="denied"):
        migrated(user)


async def test_to_run(user: User, mysql: Place) -> None:
    mysql.fill(PROBE)
    user.may(*rights("shop_run"))
    assert migrations.schema_state(user.url, [PROBE], data=mysql.data) == ""
    assert migrations.up(user.url, mysql.data, [PROBE]) == []
    store = MysqlStore(user.url)
    await store.open()
    await put(store, row("a"))
    assert await amounts(store) == {"a": 1}
    await store.close()


async def test_a_dump_is_a_shop_again(mysql: Place) -> None:
    programs = [shutil.which(name) or unmet(f"needs {name}") for name in ("mariadb-dump", "mariadb")]
    migrations.up(mysql.url, mysql.data, [PUBLISHED])
    store = MysqlStore(mysql.url)
    await store.open()
    await put(store, row("tea ", 1_772_024_247_664, title="ü'\\ 🧭"))
    parts = urlsplit(mysql.url)
    how = [
        "--no-defaults",
        "--protocol=TCP",
        f"--host={parts.hostname}",
        f"--port={parts.port}",
        "--user=root",
    ]
    options = [*how, "--single-transaction", "--no-tablespaces", parts.path[1:]]
    dumped = subprocess.run([programs[0], *options], capture_output=True, check=True).stdout
    kept = await amounts(store)
    await store.close()
    with own_database("restored", "mysql") as url:
        subprocess.run([programs[1], *how, urlsplit(url).path[1:]], input=dumped, check=True)
        other = MysqlStore(url)
        await other.open()
        assert await amounts(other) == kept
        await other.close()
        assert migrations.up(url, mysql.data, [PUBLISHED]) == []
