"""`tradewind demo` against real platforms: its own, somebody else's, one that is killed under it, and none at
all.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.keeping import nothing
from tests.support.people import ADMIN, People
from tests.support.program import PROGRAM, environment, run
from tests.support.shop import Shop, until
from tradewind.runtime.local import running

APART = pytest.param("services", marks=[pytest.mark.postgres, pytest.mark.rabbitmq])


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """In one process, where a test does not say otherwise."""
    made = Shop(nothing(tmp_path / "shop", getattr(request, "param", "sqlite")), People())
    yield made
    made.close()


def counted(told: dict[str, Any]) -> int:
    return int(told["confirmed"] + told["cancelled"] + sum(told["failed"].values()))


def test_on_a_platform_of_its_own(tmp_path: Path) -> None:
    done = run("demo", "--orders", "40", "--data", str(tmp_path / "shop"), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["placed"], counted(told), told["notFinal"], told["refused"], told["lost"]) == (
        40,
        40,
        0,
        {},
        {},
    )
    assert (
        told["postMs"]["p50"] > 0
        and told["finalMs"]["max"] >= told["finalMs"]["p50"]
        and told["ordersPerSecond"] > 0
    )
    # the admin is told once, at a first start
    assert "started a platform" in done.stderr and "password " in done.stderr
    assert running(tmp_path / "shop") is None
    audit = run("audit", "--data", str(tmp_path / "shop"), "--json")
    assert (audit.returncode, json.loads(audit.stdout)["orders"]) == (0, 40)


@pytest.mark.parametrize("shop", ["sqlite", APART], indirect=True)
def test_on_a_platform_that_runs(shop: Shop) -> None:
    shop.start()
    for _ in range(2):
        done = run("demo", "--orders", "15", "--buyers", "3", "--data", str(shop.keeping.data))
        assert done.returncode == 0, done.stderr
        assert "placed                      15 of 15" in done.stdout
        assert all(
            [word in done.stdout for word in ("confirmed", "answer to POST", "placed to final", "orders/s")]
        )
        assert "buyers 3 of 3" in done.stderr and "orders final 15 of 15" in done.stderr
    assert shop.alive


def test_by_url(shop: Shop, tmp_path: Path) -> None:
    shop.start()
    here = (
        "demo",
        "--orders",
        "5",
        "--url",
        f"http://127.0.0.1:{shop.port}/",
        "--data",
        str(tmp_path / "none"),
    )
    refused = run(*here)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
    assert "TRADEWIND_ADMIN_EMAIL" in refused.stderr and not (tmp_path / "none").exists()
    done = run(*here, admin_email=ADMIN.email, admin_password=ADMIN.password)
    assert done.returncode == 0, done.stderr
    wrong = run(*here, admin_email=ADMIN.email, admin_password="not the password")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1) and "invalid_credentials" in wrong.stderr


def test_a_platform_that_is_killed_and_comes_back(shop: Shop) -> None:
    shop.start()
    data = shop.keeping.data
    demo = subprocess.Popen(
        [*PROGRAM, "demo", "--orders", "400", "--data", str(data), "--json"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for already in (50, 200):
            until(
                lambda least=already: shop.keeping.sql("SELECT count(*) FROM {orders.orders}")[0][0] >= least,  # type: ignore[misc]
                "orders",
            )
            shop.restart()
        out, err = demo.communicate(timeout=240)
    finally:
        demo.kill()
    assert demo.returncode == 0, err
    told = json.loads(out)
    assert (told["placed"], counted(told), told["lost"]) == (400, 400, {})
    assert told["retries"] > 0
    # each order once, though many were asked for twice
    assert shop.keeping.sql("SELECT count(*) FROM {orders.orders}") == [(400,)]
    assert shop.audit()[0] == 0


def test_the_rate_limit_is_kept(shop: Shop) -> None:
    shop.start(rate_limit="60")
    done = run("demo", "--orders", "26", "--buyers", "1", "--data", str(shop.keeping.data), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["placed"], counted(told)) == (26, 26)


def test_ctrl_c(tmp_path: Path) -> None:
    data = tmp_path / "shop"
    demo = subprocess.Popen(
        [*PROGRAM, "demo", "--orders", "20000", "--buyers", "20", "--data", str(data)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert demo.stderr is not None
        for line in demo.stderr:
            if "orders final" in line and "final 0 " not in line:
                break
        demo.send_signal(signal.SIGINT)
        out, _ = demo.communicate(timeout=90)
    finally:
        demo.kill()
    assert demo.returncode == 130
    assert "of 20,000" in out and "confirmed" in out
    assert running(data) is None
    assert run("audit", "--data", str(data)).returncode == 0


def one_line(*words: str) -> str:
    done = run("demo", *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    return done.stderr


def test_nobody_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert "does not answer" in one_line("--url", f"http://127.0.0.1:{port}", "--data", str(tmp_path))
    assert "does not answer" in one_line("--url", "http://no-such-host.invalid", "--data", str(tmp_path))
    assert "write http://" in one_line("--url", "localhost:8080")


def test_a_platform_that_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "tradewind.db").write_bytes(b"not a database, and long enough to be looked at" * 99)
    assert "did not start" in (said := one_line("--data", str(tmp_path))) and "not a SQLite database" in said
