"""`tradewind first-order` tells the whole story of one paid order, and ends in one line where it cannot."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from tests.support.apart import Apart
from tests.support.keeping import nothing
from tests.support.people import ADMIN, People
from tests.support.program import PROGRAM, environment, run
from tests.support.shop import Shop
from tradewind.cli.first_order import first_order
from tradewind.testing.demo import first_order as placing

STORY = {
    "product added",
    "customer registered",
    "signed in",
    "order placed",
    "stock reserved",
    "payment requested",
    "paid",
    "order confirmed",
    "invoice issued",
    "customer notified",
}


APART = pytest.param("services", marks=[pytest.mark.postgres, pytest.mark.rabbitmq])
RPC_IN_ONE = Path(__file__).parents[2] / "blueprints" / "rpc_one.toml"


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """In one process, where a test does not say otherwise."""
    made = Shop(nothing(tmp_path / "shop", getattr(request, "param", "sqlite")), People())
    yield made
    made.close()


@pytest.mark.parametrize("shop", ["sqlite", APART], indirect=True)
def test_the_whole_story(shop: Shop) -> None:
    shop.start()
    here = ("first-order", *shop.blueprint, "--data", str(shop.keeping.data))
    done = run(*here, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["status"], told["missing"]) == ("CONFIRMED", "") and told["number"] and told["invoice"]
    assert {step["name"] for step in told["steps"]} == STORY
    assert all(step.get("tookMs", 1) > 0 and step.get("afterMs", 0) >= 0 for step in told["steps"])
    again = run(*here)
    assert again.returncode == 0, again.stderr
    assert all(re.search(rf"^{name} +(\+ )?[\d.,]+ ms ", again.stdout, re.MULTILINE) for name in STORY)
    assert "tradewind timeline " in again.stdout and "\x1b" not in again.stdout


def test_in_api_rpc_it_ends_with_the_recorded_payment(tmp_path: Path) -> None:
    here = ("--blueprint", str(RPC_IN_ONE), "--data", str(tmp_path / "data"))
    running = Apart(tmp_path, ("up", *here), {"API_GATEWAY_PORT": "0"})
    try:
        running.says("Ctrl-C stops it")
        done = run("first-order", *here, "--json")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert (told["api"], told["status"]) == ("rpc", "PENDING")
        steps = ["product added", "order placed", "payment recorded", "order shown"]
        assert [step["name"] for step in told["steps"]] == steps
        again = run("first-order", *here)
        assert (again.returncode, again.stderr) == (0, "")
        assert f"--blueprint {told['api']}" in again.stdout and "/api/docs" in again.stdout
        assert running.stop() == 0
    finally:
        running.close()


def test_in_colour_on_a_terminal(shop: Shop) -> None:
    shop.start()
    ours, theirs = pty.openpty()
    command = [*PROGRAM, "first-order", "--data", str(shop.keeping.data)]
    try:
        with subprocess.Popen(command, env=environment(), stdout=theirs) as running:
            assert running.wait(180) == 0
        shown = os.read(ours, 65_536)
    finally:
        os.close(ours)
        os.close(theirs)
    assert b"\x1b[32mpaid" in shown


def test_by_url(shop: Shop, tmp_path: Path) -> None:
    shop.start()
    here = ("first-order", "--url", f"http://127.0.0.1:{shop.port}", "--data", str(tmp_path / "none"))
    refused = run(*here)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
    assert "TRADEWIND_ADMIN_EMAIL" in refused.stderr
    done = run(*here, admin_email=ADMIN.email, admin_password=ADMIN.password)
    assert done.returncode == 0, done.stderr


def test_an_order_that_fails_is_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.start()
    monkeypatch.setattr(placing, "PIECES", 1)
    with pytest.raises(typer.Exit) as ended:
        first_order(data=str(shop.keeping.data))
    out, err = capsys.readouterr()
    assert ended.value.exit_code == 1 and "order.failed" in out
    assert re.fullmatch(r"tradewind: order \S+ is FAILED\n", err), err


def test_no_platform_there(tmp_path: Path) -> None:
    done = run("first-order", "--data", str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"tradewind: no platform runs on {tmp_path}: start it with `tradewind up`\n"
    nobody = run("first-order", "--url", "http://127.0.0.1:9", "--data", str(tmp_path))
    assert (nobody.returncode, nobody.stderr.count("\n")) == (1, 1) and "is it running?" in nobody.stderr
