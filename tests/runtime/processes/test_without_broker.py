"""A gateway that has to start again while the broker is away is there all the same: clients hear 503 at once,
and not nothing.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.apart import Apart, free, published, wait
from tests.support.databases import own_database
from tests.support.http import Connection
from tests.support.program import PROGRAM, environment, run, run_in
from tests.support.proxy import proxy
from tests.support.queues import broker, fresh, outside

AWAY = "amqp://guest:guest@127.0.0.1:9"
ORDER = {
    "items": [{"productId": "a1b2c3d4-e5f6-4890-abcd-ef1234567890", "quantity": 1, "price": 1.5}],
    "total": 1.5,
}


def test_under_its_supervisor_it_answers_503_within_the_deadline() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        words = (
            "serve",
            "gateway",
            "--blueprint",
            "rpc",
            "--port",
            "0",
            "--set",
            f"broker_url={AWAY}",
            "--set",
            "ops_port=0",
        )
        variables = environment(log_format="json") | {"GATEWAY_OPS_PORT": "0"}
        process = subprocess.Popen(
            [*PROGRAM, *words, "--supervised", str(theirs.fileno())],
            env=variables,
            pass_fds=(theirs.fileno(),),
        )
        try:
            ours.settimeout(90)  # it waits for the services before it says that it is there
            said = json.loads(ours.recv(4096))
            assert said["ready"]
            with Connection(int(said["url"].rpartition(":")[2])) as connection:
                began = time.monotonic()
                answer = connection.call("POST", "/api/orders", ORDER)
                assert (answer.status, answer.json["success"]) == (503, False)
                assert time.monotonic() - began < 9.0
                assert connection.call("GET", "/health/ready").status == 503
                assert connection.call("GET", "/health").status == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(90) == 0
        finally:
            process.kill()
            process.wait(90)


@pytest.mark.postgres
@pytest.mark.rabbitmq
async def test_on_its_own_it_waits_for_a_broker_that_is_not_there_yet(tmp_path: Path) -> None:
    """It says so once, is not ready meanwhile, and goes on once the broker is there."""
    place = urlsplit(broker())
    with own_database("waits") as url, socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", 0))  # bound, and nobody listens: a connection is refused
        port = kept.getsockname()[1]
        ops = free()
        queue = fresh("waits")
        given = {
            **published(url, f"amqp://guest:guest@127.0.0.1:{port}{place.path}"),
            "ORDERS_OPS_PORT": str(ops),
            "ORDER_QUEUE": queue,
        }
        settings = ("--set", f"event_exchange={queue}", "--set", "queue_type=classic")
        done = await asyncio.to_thread(run_in, given, "migrate", "run", "--blueprint", "rpc")
        assert done.returncode == 0, done.stderr
        served = Apart(tmp_path, ("serve", "orders", "--blueprint", "rpc", *settings), given)
        try:
            why = await asyncio.to_thread(_not_ready, ops)
            assert f"127.0.0.1:{port}" in why
            await asyncio.to_thread(wait, lambda: "waits: RabbitMQ" in served.log.read_text(), "it says so")
            async with outside(broker(), mine=(queue,)), proxy(place.port or 5672, at=port):
                await asyncio.to_thread(served.says, "orders of blueprint rpc is up at")
                with Connection(ops) as connection:
                    assert connection.call("GET", "/health/ready").status == 200
                assert served.log.read_text().count("cannot be reached") == 1
                assert await asyncio.to_thread(served.stop) == 0
        finally:
            served.close()


def _not_ready(port: int) -> str:
    """What /health/ready misses."""

    def ask() -> str:
        try:
            with Connection(port) as connection:
                answer = connection.call("GET", "/health/ready")
        except OSError:
            return ""
        why = ", ".join(answer.json["missing"]) if answer.status == 503 else ""
        return why if "cannot be reached" in why else ""

    return wait(ask, "it says what is missing")


def test_on_its_own_it_does_not_wait_for_what_no_wait_can_mend() -> None:
    done = run("serve", "gateway", "--blueprint", "rpc", "--port", "0", "--set", "broker_url=amqp://h:x")
    assert done.returncode == 1
    assert done.stderr.startswith("tradewind: ") and done.stderr.count("\n") == 1, done.stderr
