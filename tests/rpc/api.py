"""Speaks to the gateway of the blueprint `rpc` as its page does, and has the bodies of the page's
examples.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from tests.support.http import Answer, Connection

ITEM = {"productId": "a1b2c3d4-e5f6-7890-abcd-ef1234567890", "quantity": 2, "price": 29.99}
ORDER = {"items": [ITEM], "total": 59.98}
PAYMENT = {"orderId": "7c69ae16-a49a-4c3b-b507-88e40093a637", "amount": 59.98}
MISSING = "7c69ae16-a49a-4c3b-b507-88e40093a637"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def product(sku: str = "", stock: int = 100) -> dict[str, Any]:
    return {"name": "Widget Pro", "sku": sku or fresh("WDG-PRO"), "stock": stock}


def fresh(word: str = "key") -> str:
    return f"{word}-{uuid.uuid4().hex[:12]}"


class Api:
    def __init__(self, port: int) -> None:
        self.port = port

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        lang: str = "",
        **headers: str,
    ) -> Answer:
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        if key is not None:
            sent["X-Idempotency-Key"] = key
        if lang:
            sent["X-Lang"] = lang
        with Connection(self.port, timeout=30.0) as connection:
            return connection.call(method, path, body, headers=sent)

    def made(self, path: str, body: Any, **how: str) -> Any:
        """The data of a 201."""
        return _data(self("POST", path, body, **how), 201)

    def got(self, path: str, **how: str) -> Any:
        """The data of a 200."""
        return _data(self("GET", path, **how), 200)


def _data(answer: Answer, status: int) -> Any:
    assert answer.status == status, answer
    assert set(answer.json) == {"success", "data"} and answer.json["success"] is True
    return answer.json["data"]


def refused(answer: Answer, status: int) -> Any:
    """The data of an error."""
    assert answer.status == status, answer
    assert set(answer.json) == {"success", "data"} and answer.json["success"] is False
    data = answer.json["data"]
    assert data["statusCode"] == status
    return data


def invalid(answer: Answer) -> list[str]:
    """What a validation error says."""
    data = refused(answer, 400)
    assert set(data) == {"message", "error", "statusCode"} and data["error"] == "Bad Request"
    messages: list[str] = data["message"]
    assert isinstance(messages, list) and all(isinstance(message, str) for message in messages)
    return messages
