"""The data folder remembers which blueprint runs on it, so that a command about it need not be told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.policies.shop import opened
from tests.policies.test_amounts import AMOUNTS, STRANGER, amount
from tradewind.cli.app import app
from tradewind.runtime.data_lock import DataLock, remember, remembered

BLUEPRINT = """
[processes.shop]
services = ["orders", "invoices"]
apis = { rpc = "http://" }
[policies]
pricing = "client"
payment = "none"
invoice = "created"
invoice-number = "{number}"
invoice-reset = "never"
customers = "made-when-named"
products = "any"
access = "open"
ids = "v4"
"""


def audit(data: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["audit", "--data", str(data), *words])
    return done.exit_code, done.output


async def one_order(data: Path) -> None:
    async with opened(data, AMOUNTS) as shop:
        await shop.done(amount(5_000), STRANGER)
        await shop.rest()


def test_a_shop_of_other_policies_is_audited_as_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, data = tmp_path / "shop.toml", tmp_path / "data"
    file.write_text(BLUEPRINT)
    asyncio.run(one_order(data))
    code, said = audit(data)
    assert code == 1 and "VIOLATION" in said, "the default shop has another form of numbers"
    with DataLock(data):
        remember(data, str(file))
    assert remembered(data) == str(file)
    monkeypatch.setattr("tradewind.cli.common.check", lambda *_: None)  # rpc needs more services than these
    code, said = audit(data)
    assert code == 0, said
    assert "all hold: 1 orders" in said
    assert "VIOLATION" in audit(data, "--blueprint", "default")[1]


def test_a_folder_that_remembers_nothing_is_of_the_default_blueprint(tmp_path: Path) -> None:
    assert remembered(tmp_path) == remembered(tmp_path / "none") == ""
    assert "there is no shop in this folder" in audit(tmp_path)[1]


def test_a_blueprint_that_is_gone_is_named(tmp_path: Path) -> None:
    remember(tmp_path, str(tmp_path / "gone.toml"))
    code, said = audit(tmp_path)
    assert (code, "gone.toml" in said) == (2, True)


def test_adopt_asks_whose_tables_unless_the_data_folder_says_it(tmp_path: Path) -> None:
    words = ["migrate", "adopt", "--dry-run", "--data", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        "tradewind: whose tables? name the blueprint of their system: --blueprint contracts, events, graphql, "
        "invoicing, rpc\n"
    )
    with DataLock(tmp_path):
        remember(tmp_path, "rpc")
    done = CliRunner().invoke(app, words, env={"TRADEWIND_DATABASE_URL": ""})
    assert "whose tables" not in done.stderr, "rpc ran last on this folder"
