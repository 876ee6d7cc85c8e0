"""`/api/docs` is whole without the internet, its links lead somewhere, and its description says what the
gateway serves.
"""

import re
from typing import Any
from urllib.parse import urljoin

import jsonschema_rs
import msgspec
import pytest

from tests.apis.rpc.fakes import ORDER, PAYMENT, TEA, UUID, Shop
from tradewind.apis.rpc.described import document


@pytest.fixture(scope="module")
def page() -> str:
    found = Shop().call("GET", "/api/docs")
    assert (found.status, found.type) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in found.headers["content-security-policy"]
    return found.body.decode()


def test_nothing_comes_from_elsewhere_and_every_link_leads_somewhere(page: str) -> None:
    assert not re.search(r"https?://", page)
    assert not re.search(r"\son\w+=|style=|<script>", page)
    for link in re.findall(r'(?:href|src|data-description)="([^"]+)"', page):
        assert Shop().call("GET", urljoin("/api/docs", link)).status == 200, link


def test_requests_go_to_the_server_of_the_page_behind_any_prefix(page: str) -> None:
    link = re.search('data-description="([^"]+)"', page)
    assert link is not None
    description = urljoin("http://h/shop/api/docs", link[1])
    assert description == "http://h/shop/api/docs-json"
    assert urljoin(description, document()["servers"][0]["url"]) == "http://h/shop/"


def test_the_description_is_the_json_of_nestjs() -> None:
    found = Shop().call("GET", "/api/docs-json")
    assert msgspec.json.decode(found.body) == document()
    assert found.type == "application/json"


def test_every_described_path_is_served() -> None:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            body: Any = (
                operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
            )
            found = Shop().call(method.upper(), re.sub(r"{\w+}", UUID, path), body)
            assert str(found.status) in operation["responses"]


@pytest.mark.parametrize(
    ("name", "valid"), [("CreateOrder", ORDER), ("CreateProduct", TEA), ("CreatePayment", PAYMENT)]
)
def test_shapes_of_bodies_are_those_that_are_taken(name: str, valid: object) -> None:
    schemas = document()["components"]["schemas"]
    check = jsonschema_rs.Draft202012Validator({**schemas[name], "components": {"schemas": schemas}})
    assert check.is_valid(valid)
    assert not check.is_valid({})
