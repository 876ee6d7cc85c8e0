"""The gateway as a process of its own: what it imports, what it weighs after much work, and what its server
refuses by itself.
"""

import json
import subprocess
import sys
from typing import Any

import pytest

MOST_MB = 32.0
PROGRAM = """
import asyncio, json, sys
from tradewind.drivers.rabbitmq.rpc.client import RpcClient
from tradewind.core.request_queue import Kind, Outcome
from tradewind.observability.access import AccessLog
from tradewind.observability.metrics import Metrics
from tradewind.apis.rpc.gateway import RpcApi
from tradewind.apis.rpc.envelope import of_problem
from tradewind.drivers.http.server import HttpServer
from tradewind.apis.rpc.downstream import RpcSettings
from tradewind.drivers.http.limits import Limits

BODY = b'{"items":[{"productId":"a1b2c3d4-e5f6-4890-abcd-ef1234567890","quantity":2,"price":29.99}],"total":59.98}'
HEAD = b"POST /api/orders HTTP/1.1\\r\\nhost: x\\r\\ncontent-type: application/json\\r\\ncontent-length: "
ASK = HEAD + b"%d\\r\\n\\r\\n%b" % (len(BODY), BODY)
BAD = b"GET / HTTP/1.1\\r\\n\\r\\n"

class Client:
    up, missing = True, ""
    def __init__(self, loop):
        self.loop = loop
    def call(self, queue, pattern, data, timeout_s, then, *, traceparent=""):
        self.loop.call_soon(then, Outcome(Kind.ANSWER, data))

async def answer(reader):
    head = await reader.readuntil(b"\\r\\n\\r\\n")
    size = int(head.lower().partition(b"content-length: ")[2].partition(b"\\r")[0])
    return head, await reader.readexactly(size)

async def main():
    loop, metrics = asyncio.get_running_loop(), Metrics()
    log = AccessLog(type("Sink", (), {"kept": 0, "dropped": 0, "write": lambda self, lines: None})())
    gateway = RpcApi(
        Client(loop), RpcSettings(), later=loop.call_later, observe=metrics.request, observe_call=metrics.rpc_call, log=log.write
    )
    server = HttpServer(gateway, Limits(body_bytes=2 << 20), problem=of_problem)
    await server.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for _ in range(1000):
        writer.write(ASK * 10)
        for _ in range(10):
            head, _ = await answer(reader)
            assert head.startswith(b"HTTP/1.1 201 "), head
    writer.write(BAD)
    head, body = await answer(reader)
    writer.close()
    await server.stop(1.0)
    with open("/proc/self/statm") as file:
        mb = int(file.read().split()[1]) * 4096 / 2**20
    print(json.dumps({"modules": sorted(sys.modules), "mb": mb, "head": head.decode(), "body": body.decode()}))

import uvloop
uvloop.run(main())
"""


@pytest.fixture(scope="module")
def ran() -> Any:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "heavy", ["sqlalchemy", "argon2", "jwt", "typer", "asyncpg", "sqlite3", "rich", "alembic"]
)
def test_a_gateway_has_no_use_for(ran: Any, heavy: str) -> None:
    assert heavy not in ran["modules"]


def test_no_service_and_no_door_is_imported(ran: Any) -> None:
    ours = [name for name in ran["modules"] if name.startswith("tradewind.")]
    for floor in (
        "tradewind.services",
        "tradewind.operations",
        "tradewind.contracts",
        "tradewind.engine",
        "tradewind.drivers.postgres",
    ):
        assert not [name for name in ours if name.startswith(floor)]


def test_after_10_000_orders_it_is_below_32_mb(ran: Any) -> None:
    assert ran["mb"] < MOST_MB


def test_what_the_server_refuses_by_itself_looks_like_the_rest(ran: Any) -> None:
    assert ran["head"].startswith("HTTP/1.1 400 ")
    assert "access-control-allow-origin: *" in ran["head"]
    assert json.loads(ran["body"]) == {
        "success": False,
        "data": {"message": "The Host header is missing.", "error": "Bad Request", "statusCode": 400},
    }
