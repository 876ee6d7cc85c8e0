"""`tradewind up` of a blueprint with several processes: one lock, one banner, one line where it cannot."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.processes.programs import Program
from tests.support.program import environment, run
from tradewind.runtime.data_lock import holder

New = Callable[..., Program]
FREE = {f"{name}_OPS_PORT": "0" for name in ("GATEWAY", "ORDERS", "INVENTORY", "PAYMENTS")}
TOLD = ("--blueprint", "rpc", "--set")


def test_runs_all_until_it_is_stopped(program: New, tmp_path: Path) -> None:
    up = program(
        "up",
        "--blueprint",
        "rpc",
        "--data",
        str(tmp_path),
        "--port",
        "0",
        variables={**FREE, "ORDERS_COPIES": "2", "NODE_ENV": "production"},
    )
    url = up.says(r"^  Tradewind, blueprint rpc, is up at (http://127.0.0.1:\d+)$")[0][1]
    up.says(r"Ctrl-C stops all of them")
    assert re.findall(r"^    (\S+) +http://", up.text, re.MULTILINE) == [
        "gateway",
        "orders-1",
        "orders-2",
        "inventory",
        "payments",
    ]
    assert '"event":"migrate took orders 0001_first"' in up.text
    assert up.text.count("NODE_ENV is set, and changes nothing in blueprint rpc") == 1
    assert "postgres:postgres" not in up.text and "guest:guest" not in up.text
    found = holder(tmp_path)
    assert found is not None and (found.pid, found.url) == (up.process.pid, url)

    second = run("up", "--blueprint", "rpc", "--data", str(tmp_path))
    assert second.returncode == 1
    assert (
        second.stderr
        == f"tradewind: {tmp_path} is in use by process {up.process.pid} at {url}: stop it, or name "
        f"another folder with --data\n"
    )

    # the edge comes back where it was
    gateway = next(each for each in up.serves(5) if each["process"] == "gateway")
    os.kill(gateway["pid"], signal.SIGKILL)
    up.says('"event":"gateway is ready again"')
    assert [each["port"] for each in up.serves(6) if each["process"] == "gateway"] == [gateway["port"]] * 2

    assert up.end(signal.SIGTERM) == 0
    assert up.text.endswith("tradewind: stopped; everything that was accepted is kept\n")
    assert holder(tmp_path) is None


def test_a_console_shows_whose_line_it_is(program: New, tmp_path: Path) -> None:
    up = program(
        "up",
        "--blueprint",
        "rpc",
        "--data",
        str(tmp_path),
        "--port",
        "0",
        variables=FREE,
        log_format="console",
    )
    up.says("^gateway   \\| serves")
    up.says("^orders    \\| serves")
    assert "tradewind: migrate took orders 0001_first\n" in up.text
    assert up.end(signal.SIGTERM) == 0


def test_one_that_cannot_start_is_told_in_one_line(program: New, tmp_path: Path) -> None:
    up = program(
        "up", "--blueprint", "rpc", "--data", str(tmp_path), variables={**FREE, "SERVED_WHY": "3000 is taken"}
    )
    assert up.end() == 1
    assert re.search(
        r"^tradewind: (gateway|orders|inventory|payments): 3000 is taken\n\Z", up.text, re.MULTILINE
    ), up.text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("broker_url=amqp://guest:hunter2@127.0.0.1:9", "127.0.0.1:9"),
        ("database_url=", "rpc: TRADEWIND_DATABASE_URL is empty"),
        ("prot=1", "TRADEWIND_PROT (--set) is not a setting"),
    ],
)
def test_a_start_without_its_servers(tmp_path: Path, words: str, says: str) -> None:
    done = run("up", "--data", str(tmp_path), "--blueprint", "rpc", "--set", words)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr and "hunter2" not in done.stderr
    assert done.stderr.startswith("tradewind: ") and done.stderr.count("\n") == 1


@pytest.mark.rabbitmq
@pytest.mark.parametrize(
    ("user", "password", "vhost", "says"),
    [("guest", "hunter2", "", "wrong user or password"), ("guest", "guest", "/nowhere", "nowhere")],
)
def test_a_broker_that_does_not_let_us_in(
    tmp_path: Path, user: str, password: str, vhost: str, says: str
) -> None:
    done = run("up", "--data", str(tmp_path), *TOLD, f"broker_url=amqp://{user}:{password}@{broker()}{vhost}")
    assert done.returncode == 1
    assert says in done.stderr and "hunter2" not in done.stderr
    assert done.stderr.startswith("tradewind: ") and done.stderr.count("\n") == 1, done.stderr


@pytest.mark.rabbitmq
@pytest.mark.postgres
def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    url = re.sub(r"[^/]+$", "not_there", needed("TRADEWIND_TEST_POSTGRES_URL"))
    given = ("--set", f"broker_url=amqp://guest:guest@{broker()}", "--set", f"database_url={url}")
    done = run("up", "--data", str(tmp_path), "--blueprint", "rpc", *given)
    assert done.returncode == 1
    assert "not_there" in done.stderr and "createdb" in done.stderr
    assert done.stderr.startswith("tradewind: ") and done.stderr.count("\n") == 1, done.stderr


def test_the_supervisor_is_small(program: New, tmp_path: Path) -> None:
    text = (
        "import sys, tradewind.runtime.processes.entry, tradewind.runtime.processes.starting; "
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", text],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    loaded = done.stdout.split()
    assert [name for name in ("sqlalchemy", "asyncio", "alembic", "rich", "typer") if name in loaded] == []
    up = program("up", "--blueprint", "rpc", "--data", str(tmp_path), "--port", "0", variables=FREE)
    up.says("Ctrl-C stops all of them")
    status = Path(f"/proc/{up.process.pid}/status")
    if status.exists():
        assert int(re.findall(r"VmRSS:\s+(\d+) kB", status.read_text())[0]) < 25_000


def needed(name: str) -> str:
    from tests.support.needs import POSTGRES, RABBITMQ, unmet

    return os.environ.get(name) or unmet(POSTGRES if "POSTGRES" in name else RABBITMQ)


def broker() -> str:
    """Host and port."""
    return needed("TRADEWIND_TEST_RABBITMQ_URL").rpartition("@")[2].partition("/")[0]
