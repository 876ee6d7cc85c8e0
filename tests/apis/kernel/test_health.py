"""One health page for all processes and APIs, in the same words."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.apis.rpc.fakes import Shop as Rpc
from tests.apis.v1.fakes import Shop as V1
from tradewind.apis.kernel.health import Health, OpsPages
from tradewind.core.http import Request, Response


def shown(handler: Any, path: str, method: str = "GET") -> tuple[int, Any]:
    request = Request(method, path)
    handler(request)
    assert request.answer is not None
    return request.answer.status, msgspec.json.decode(request.answer.body)


@pytest.fixture(params=["ops port", "v1", "rpc"])
def process(request: pytest.FixtureRequest) -> tuple[Any, Health, list[str]]:
    """A handler, its health, and what it lacks."""
    if request.param == "ops port":
        lacks: list[str] = []
        health = Health(lambda: lacks)
        return OpsPages(health, lambda: b"x 1\n"), health, lacks
    if request.param == "v1":
        shop = V1()
        return shop.edge, shop.edge.health, shop.gateway.lacks
    lacks = []
    rpc = Rpc({"lacks": lambda: lacks})
    return rpc.gateway, rpc.gateway.health, lacks


def test_a_process_says_how_it_is(process: tuple[Any, Health, list[str]]) -> None:
    handler, health, lacks = process
    assert shown(handler, "/health/ready") == (200, {"status": "ready"})
    lacks.append("store: disk full")
    unready = {"status": "not ready", "missing": ["store: disk full"]}
    assert shown(handler, "/health/ready") == shown(handler, "/health/ready") == (503, unready)
    lacks.clear()
    health.closing = True
    assert shown(handler, "/health/ready") == (503, {"status": "not ready", "missing": ["shutting down"]})
    assert shown(handler, "/health/live") == (200, {"status": "alive"})


def test_what_is_only_late_is_told_and_ready() -> None:
    late: list[str] = []
    pages = OpsPages(Health(list, lambda: late), lambda: b"")
    assert shown(pages, "/health/ready") == (200, {"status": "ready"})
    late.append("events: the broker is away")
    assert shown(pages, "/health/ready") == (200, {"status": "ready", "late": ["events: the broker is away"]})


def test_the_page_of_a_process_without_an_api() -> None:
    pages = OpsPages(Health(list), lambda: b"x 1\n")
    request = Request("GET", "/metrics")
    pages(request)
    assert request.answer == Response(200, b"x 1\n", (), b"text/plain; version=0.0.4; charset=utf-8")
    assert shown(pages, "/health")[0] == 200
    assert shown(pages, "/nowhere") == (
        404,
        {"status": "error", "detail": "there is /health, /health/live, /health/ready, /metrics"},
    )
    assert shown(pages, "/health/live", "POST")[0] == 405
