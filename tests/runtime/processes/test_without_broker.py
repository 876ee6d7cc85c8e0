"""A gateway that has to start again while the broker is away is there all the same: clients hear 503 at once,
and not nothing.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time

from tests.support.http import Connection
from tests.support.program import PROGRAM, environment, run

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


def test_on_its_own_it_says_in_one_line_what_is_missing() -> None:
    done = run("serve", "gateway", "--blueprint", "rpc", "--port", "0", "--set", f"broker_url={AWAY}")
    assert done.returncode == 1
    assert done.stderr.startswith("tradewind: RabbitMQ 127.0.0.1:9/: ")
    assert done.stderr.count("\n") == 1
