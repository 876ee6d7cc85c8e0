"""`tradewind serve edge` and `tradewind edge check`, as programs of their own."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.edge.servers import Upstream, Visit, ask, ok
from tests.support.program import PROGRAM, environment, run_in

BLUEPRINT = Path(__file__).parents[1] / "blueprints" / "edge.toml"
WORDS = ("serve", "edge", "--blueprint", str(BLUEPRINT))
FILE = """
_format_version: "3.0"
services:
- name: orders
  url: ${ORDERS_SERVICE_URL}
  routes: [{name: api, paths: [/orders]}]
"""


class Running:
    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process, self.port = process, port


async def started(**variables: str) -> Running:
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        *WORDS,
        env={**environment(), "KONG_PROXY_LISTEN": "127.0.0.1:0", **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        line = (await process.stdout.readline()).decode()
    found = re.search(r"is up at http://127\.0\.0\.1:([0-9]+)$", line.strip())
    assert found is not None, line
    return Running(process, int(found[1]))


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    server = await Upstream().start()
    yield server
    await server.stop()


async def test_the_file_of_the_blueprint_is_served(upstream: Upstream) -> None:
    edge = await started(INVOICES_SERVICE_URL=upstream.url, CONTRACTS_ORDERS_PORT=str(upstream.port))
    try:
        # the address of orders is the blueprint's, that of invoices is set
        for target, expected in (("/orders/health", b"/health"), ("/invoices", b"/invoices")):
            reply = await ask(edge.port, "GET", target)
            assert (reply.status, reply.body) == (200, expected)
    finally:
        edge.process.send_signal(signal.SIGTERM)
        assert await edge.process.wait() == 0


async def test_another_file_and_a_stop_that_finishes_what_runs(tmp_path: Path) -> None:
    arrived = asyncio.Event()

    async def slow(visit: Visit) -> None:
        await visit.request()
        arrived.set()
        await asyncio.sleep(0.5)
        await visit.write(ok(b"done"))

    upstream = await Upstream(slow).start()
    file = tmp_path / "mine.yml"
    file.write_text(FILE)
    edge = await started(ORDERS_SERVICE_URL=upstream.url, KONG_DECLARATIVE_CONFIG=str(file))
    reply = asyncio.create_task(ask(edge.port, "GET", "/orders/x"))
    try:
        async with asyncio.timeout(20):
            await arrived.wait()
    finally:
        edge.process.send_signal(signal.SIGTERM)
        assert await edge.process.wait() == 0
        await upstream.stop()
    assert (await reply).body == b"done"


REFUSED = [
    (FILE, {}, "ORDERS_SERVICE_URL", {"ORDERS_SERVICE_URL": ""}),
    (FILE + "plugins: [{name: acl}]\n", {}, "plugin acl", {}),
    (FILE + "plugins: [{name: cors, config: {orgins: []}}]\n", {}, "config.orgins", {}),
    ("", {"KONG_DECLARATIVE_CONFIG": "./missing.yml"}, "missing.yml", {}),
]


@pytest.mark.parametrize(("text", "more", "named", "unset"), REFUSED, ids=[case[2] for case in REFUSED])
def test_a_refused_file_ends_the_start_with_one_sentence(
    tmp_path: Path, text: str, more: dict[str, str], named: str, unset: dict[str, str]
) -> None:
    file = tmp_path / "kong.yml"
    # the blueprint has an address for orders; a name that no service has is asked for
    file.write_text(text.replace("ORDERS_SERVICE_URL", "MY_ORDERS_SERVICE_URL"))
    variables = {"KONG_DECLARATIVE_CONFIG": str(file), "KONG_PROXY_LISTEN": "127.0.0.1:0", **more}
    if not unset:
        variables["MY_ORDERS_SERVICE_URL"] = "http://127.0.0.1:1"
    ended = run_in(variables, *WORDS)
    said = [line for line in ended.stderr.splitlines() if line.startswith("tradewind: ")]
    assert ended.returncode == 1
    assert len(said) == 1
    assert named in said[0]
    assert "Traceback" not in ended.stderr


def test_check_says_what_each_route_does(tmp_path: Path) -> None:
    variables = {
        "ORDERS_SERVICE_URL": "http://127.0.0.1:3333",
        "INVOICES_SERVICE_URL": "http://127.0.0.1:3334",
    }
    ended = run_in(variables, "edge", "check", "invoicing")
    assert ended.returncode == 0
    assert "api-orders: /orders… -> http://127.0.0.1:3333/…  [cors]" in ended.stdout
    assert "/ordersclass" in ended.stdout
    found = json.loads(run_in(variables, "edge", "check", "invoicing", "--json").stdout)
    assert [line["route"] for line in found["routes"]] == ["api-orders", "api-invoices"]
    file = tmp_path / "bad.yml"
    file.write_text(FILE + "plugins: [{name: acl}]\n")
    ended = run_in(variables, "edge", "check", str(file))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("tradewind: bad.yml: plugin acl: ")


async def test_the_status_page_has_a_port_of_its_own(upstream: Upstream) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    edge = await started(
        INVOICES_SERVICE_URL=upstream.url,
        ORDERS_SERVICE_URL=upstream.url,
        KONG_STATUS_LISTEN=f"127.0.0.1:{port}",
    )
    try:
        await ask(edge.port, "GET", "/orders/health")
        assert json.loads((await ask(port, "GET", "/status")).body)["server"]["total_requests"] == 1
        figures = (await ask(port, "GET", "/metrics")).body.decode()
        assert 'tradewind_http_requests_total{operation="api-orders",status="200"} 1.0' in figures
        assert (await ask(edge.port, "GET", "/status")).status == 404
    finally:
        edge.process.send_signal(signal.SIGTERM)
        assert await edge.process.wait() == 0
