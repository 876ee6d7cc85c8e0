"""Speaks to a running shop with the standard library alone, so that an example shows the shop and not a
client library.
"""

from __future__ import annotations

import json
import os
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

URL = os.environ.get("SHOP_URL", "http://127.0.0.1:8080")
ADMIN = os.environ.get("SHOP_ADMIN", "admin@example.com")
PASSWORD = os.environ.get("SHOP_PASSWORD", "")


class Client:
    """One person. `call` gives the status and the body."""

    def __init__(self) -> None:
        place = urlsplit(URL)
        self._connection = HTTPConnection(place.hostname or "", place.port, timeout=40)
        self._token = ""
        self.headers: dict[str, str] = {}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """`headers` are written with underscores: `idempotency_key="…"`."""
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        if self._token:
            sent["Authorization"] = f"Bearer {self._token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        self._connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), sent)
        answer = self._connection.getresponse()
        content = answer.read()
        self.headers = {name.lower(): text for name, text in answer.getheaders()}
        return answer.status, json.loads(content) if content else None

    def log_in(self, email: str, password: str) -> Client:
        status, tokens = self.call("POST", "/auth/login", {"email": email, "password": password})
        if status != 200:
            raise SystemExit(
                f"{email} cannot log in: {tokens['detail']} (SHOP_PASSWORD is the password that the "
                f"first start has shown)"
            )
        self._token = tokens["accessToken"]
        return self


def admin() -> Client:
    return Client().log_in(ADMIN, PASSWORD)


def customer(name: str = "ada") -> Client:
    """A customer of the examples, registered where that has not happened yet."""
    client, email, password = Client(), f"{name}@example.net", f"an example for {name}"
    client.call("POST", "/auth/register", {"email": email, "name": name.title(), "password": password})
    return client.log_in(email, password)


def tea(shop: Client, stock: int = 1_000) -> str:
    """The SKU of a product of the examples."""
    shop.call(
        "POST",
        "/products",
        {
            "sku": "TEA-100",
            "name": "Assam, 100 g",
            "price": {"amount": 1999, "currency": "EUR"},
            "stock": stock,
        },
    )
    return "TEA-100"


def basket(sku: str, quantity: int = 1, token: str = "tok_ok") -> dict[str, Any]:
    return {"items": [{"sku": sku, "quantity": quantity}], "payment": {"token": token}}
