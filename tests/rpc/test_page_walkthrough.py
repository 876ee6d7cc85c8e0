"""The page's walk-through: its two curls, its explorer, and what its services are said to be."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.rpc.api import Api
from tests.support.apart import Apart
from tests.support.databases import rows

ORDER = '{"items":[{"productId":"a1b2c3d4-e5f6-7890-abcd-ef1234567890","quantity":1,"price":10}],"total":10}'


def curl(*words: str) -> str:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    return subprocess.run(
        ("curl", "-sS", *words), capture_output=True, text=True, check=True, timeout=60
    ).stdout


def test_curl_health(api: Api) -> None:
    assert curl(f"http://localhost:{api.port}/health") == '{"status":"ok"}'


def test_curl_create_a_test_order(api: Api) -> None:
    said = json.loads(
        curl(
            "-X",
            "POST",
            f"http://localhost:{api.port}/api/orders",
            "-H",
            "Content-Type: application/json",
            "-d",
            ORDER,
        )
    )
    assert said["success"] is True
    assert said["data"]["items"] == json.loads(ORDER)["items"] and said["data"]["total"] == 10


def test_swagger_at_api_docs(api: Api) -> None:
    """An explorer with a form for each operation, from this server alone; and its description, where NestJS
    has it.
    """
    page = api("GET", "/api/docs")
    assert page.status == 200 and page.headers["content-type"].startswith("text/html")
    html = page.body.decode()
    assert not re.search(r"""(?:src|href)=["']https?://""", html)
    described = api("GET", "/api/docs-json").json
    assert set(described["paths"]) == {
        "/api/orders",
        "/api/orders/{id}",
        "/api/products",
        "/api/products/{id}",
        "/api/payments",
        "/api/payments/{id}",
        "/api/payments/order/{orderId}",
        "/health",
        "/health/circuits",
    }
    for asset in re.findall(r"""(?:src|href|data-description)=["']([^"']+)["']""", html):
        assert api("GET", urljoin("/api/docs", asset)).status == 200, asset


def words(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def named(four: Apart, process: str) -> int:
    (found,) = [pid for pid in four.children if process in words(pid)]
    return found


def test_four_services_communicating_over_rabbitmq(four: Apart) -> None:
    assert list(four.ports) == ["gateway", "orders", "inventory", "payments"]
    assert len({named(four, process) for process in four.ports}) == len(four.children) == 4


def test_the_gateway_has_no_database(four: Apart) -> None:
    """No driver is loaded, so there can be no connection."""
    assert "asyncpg" not in Path(f"/proc/{named(four, 'gateway')}/maps").read_text()
    assert "asyncpg" in Path(f"/proc/{named(four, 'orders')}/maps").read_text()


def test_each_service_has_its_own_schema_and_no_foreign_key_leads_out(database: str, api: Api) -> None:
    found = rows(
        database,
        "SELECT nspname FROM pg_namespace WHERE nspname LIKE '%\\_schema' AND nspname <> "
        "'information_schema'",
    )
    assert {schema for (schema,) in found} == {"order_schema", "inventory_schema", "payment_schema"}
    assert rows(database, "SELECT conname FROM pg_constraint WHERE contype = 'f'") == []
