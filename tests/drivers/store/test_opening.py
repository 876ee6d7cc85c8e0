"""The settings pick the store, and say what is wrong with them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tradewind.core.store import StoreUnusable
from tradewind.runtime.stores import open_store


def test_nothing_set_is_a_file_under_the_data_folder(tmp_path: Path) -> None:
    store = open_store("", tmp_path)
    assert (store.kind, store.exclusive) == ("sqlite", True)
    assert str(getattr(store, "path", "")) == str(tmp_path / "tradewind.db")


@pytest.mark.parametrize(
    ("scheme", "kind"),
    [("postgresql", "postgres"), ("postgres", "postgres"), ("mysql", "mysql"), ("mariadb", "mysql")],
)
def test_a_server(scheme: str, kind: str, tmp_path: Path) -> None:
    store = open_store(f"{scheme}://u@h/d", tmp_path)
    assert (store.kind, store.exclusive) == (kind, True)
    assert not open_store(f"{scheme}://u@h/d", tmp_path, exclusive=False).exclusive


@pytest.mark.parametrize(
    "url",
    ["oracle://u:secret@h/d", "sqlite:///tradewind.db", "postgresql+asyncpg://u@h/d", "tradewind.db", "://"],
)
def test_anything_else_names_those_that_are(url: str, tmp_path: Path) -> None:
    with pytest.raises(
        StoreUnusable, match=r"leave it empty .a SQLite file., or give postgresql://… or mysql://"
    ) as refused:
        open_store(url, tmp_path)
    assert "secret" not in str(refused.value)


WITHOUT = """
import sys
sys.modules[sys.argv[1]] = None
from pathlib import Path
from tradewind.runtime.stores import open_store
open_store("", Path("."))
try:
    open_store(sys.argv[2], Path("."))
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("driver", "url", "says"),
    [
        ("asyncpg", "postgresql://h/d", "PostgreSQL needs asyncpg: pip install 'tradewind[postgres]'"),
        ("asyncmy", "mysql://h/d", "MySQL needs asyncmy: pip install 'tradewind[mysql]'"),
    ],
)
def test_a_missing_driver_says_what_to_install(driver: str, url: str, says: str) -> None:
    command = [sys.executable, "-c", WITHOUT, driver, url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == f"StoreUnusable {says}\n"
