"""`tradewind load` against gateways that work, half work, are silent, talk nonsense or are not there; and an
impatient operator.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.program import PROGRAM, environment, run
from tests.testing.load.stub import serving


def test_smoke_shortened(tmp_path: Path) -> None:
    with serving() as stub:
        done = run(
            "load",
            "smoke",
            "--scale",
            "0.02",
            "--pause",
            "0.1",
            "--url",
            stub.url + "/",
            "--report",
            str(tmp_path / "report.json"),
        )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads((tmp_path / "report.json").read_text())
    metrics = found["metrics"]
    assert (found["profile"], found["passed"], found["complete"], found["plannedSeconds"]) == (
        "smoke",
        True,
        True,
        2.4,
    )
    assert metrics["iterations"] == metrics["orders_created"] == len(stub.orders) > 3
    assert (metrics["requests"], metrics["failed"], metrics["usersMax"]) == (metrics["iterations"] * 5, 0, 1)
    assert set(stub.heard) == {
        "GET /health",
        "GET /api/products",
        "POST /api/orders",
        "GET /api/orders/:id",
        "GET /api/payments",
    }
    assert len(set(stub.keys)) == len(stub.keys)
    for order in stub.orders:
        assert {item["productId"] for item in order["items"]} <= set(stub.products)
        assert order["total"] == round(sum(item["quantity"] * item["price"] for item in order["items"]), 2)
    names = ("errors", "orders_created", "order_latency", "inventory_latency", "payment_latency")
    assert all([f"\n{name}" in done.stdout for name in names])


def test_the_whole_crowd_comes() -> None:
    with serving() as stub:
        done = run("load", "spike", "--scale", "0.01", "--pause", "0", "--json", "--url", stub.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["metrics"]["usersMax"] == 3


def test_what_fails_is_told_and_crosses_the_threshold() -> None:
    with serving(broken=("/api/orders",)) as stub:
        done = run("load", "smoke", "--scale", "0.01", "--json", "--url", stub.url)
    found = json.loads(done.stdout)
    assert (done.returncode, found["passed"], found["metrics"]["orders_created"]) == (1, False, 0)
    assert list(found["metrics"]["failures"]) == ["POST /api/orders: answered 503"]
    assert {verdict["threshold"]: verdict["met"] for verdict in found["thresholds"]} == {
        "errors": False,
        "latency.p95": True,
    }


def test_a_limit_of_ones_own_is_crossed() -> None:
    with serving() as stub:
        done = run(
            "load", "smoke", "--scale", "0.01", "--threshold", "order_latency.max<0.001", "--url", stub.url
        )
    assert done.returncode == 1
    assert "  CROSSED  order_latency.max < 0.001" in done.stdout


@contextmanager
def socket_that(answers: bytes | None) -> Iterator[str]:
    """Accepts into its backlog and stays silent, or answers these bytes to whoever comes first."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        if answers is None:
            yield url
            return
        child = (
            "import socket, sys; s = socket.socket(fileno=0); c, _ = s.accept(); c.recv(4096); "
            "c.sendall(sys.argv[1].encode())"
        )
        with subprocess.Popen(
            [PROGRAM[0], "-c", child, answers.decode()], stdin=listener.fileno()
        ) as speaker:
            yield url
            speaker.wait(60)


def test_nobody_is_there() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        done = run("load", "smoke", "--url", f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        "does not answer (connection refused): is it running? `tradewind up --blueprint rpc` starts it"
        in done.stderr
    )


def test_somebody_who_never_answers() -> None:
    with socket_that(None) as url:
        begun = time.monotonic()
        done = run("load", "smoke", "--url", url)
    assert (done.returncode, time.monotonic() - begun < 60) == (1, True)
    assert "does not answer (no answer within 5 s)" in done.stderr


@pytest.mark.parametrize(
    "answer", [b"220 mail ESMTP\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n", b"x" * 100_000]
)
def test_nonsense(answer: bytes) -> None:
    with socket_that(answer) as url:
        done = run("load", "smoke", "--url", url)
    assert (done.returncode, done.stdout) == (1, "")
    assert "does not speak HTTP" in done.stderr


def test_another_server() -> None:
    with serving(broken=("/health",)) as stub:
        done = run("load", "smoke", "--url", stub.url)
    assert done.returncode == 1
    assert "/health answers 503" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lunch",), "no profile 'lunch'; there is smoke, load, stress, spike"),
        (("smoke", "--scale", "0"), "--scale 0"),
        (("smoke", "--url", "ftp://x"), "write http://HOST:PORT"),
        (("smoke", "--url", "http://x:notaport"), "write http://HOST:PORT"),
        (("smoke", "--threshold", "speed<1"), "write errors<SHARE"),
        (("smoke", "--report", "/nowhere/at/all.json"), "--report /nowhere/at/all.json: No such file"),
    ],
)
def test_what_cannot_be_meant(words: tuple[str, ...], said: str) -> None:
    done = run("load", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_has_seen_enough_gets_the_report_so_far(number: signal.Signals) -> None:
    with serving() as stub:
        words = (*PROGRAM, "load", "spike", "--pause", "0.05", "--url", stub.url)
        with subprocess.Popen(
            words, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as program:
            deadline = time.monotonic() + 120
            while not stub.orders and time.monotonic() < deadline:
                time.sleep(0.05)
            program.send_signal(number)
            said, _ = program.communicate(timeout=60)
    assert program.returncode == 128 + number
    assert "(stopped); 300 s planned" in said
    assert "\norders_created     0" not in said
