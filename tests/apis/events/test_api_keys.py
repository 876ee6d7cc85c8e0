"""Where a service has API keys, its routes are for callers who bring one of them."""

from __future__ import annotations

from typing import Any

import pytest

from tradewind.apis.events.service_context import MISSING, WRONG, ApiKeys
from tradewind.apis.kernel.request_context import Route


class Context:
    """What a guard sees of a request."""

    def __init__(self, query: bytes = b"", **headers: bytes) -> None:
        self.query = query
        self.headers = {name.replace("_", "-").encode(): value for name, value in headers.items()}
        self.told: list[Any] = []

    @property
    def request(self) -> Context:
        return self

    def refuse(self, status: int, message: str, name: str) -> None:
        self.told.append((status, message, name))


def called(keys: list[str], context: Context) -> list[Any]:
    route: Route[Any] = Route("list users", "/users", lambda context: context.told.append("served"))
    ApiKeys(keys).guard(route).serve(context)
    return context.told


@pytest.mark.parametrize(
    "context",
    [
        Context(x_api_key=b"one"),
        Context(api_key=b"two"),
        Context(b"a=1&apiKey=two"),
        Context(x_api_key=b"two"),
    ],
)
def test_any_of_the_keys_in_any_of_the_places_is_enough(context: Context) -> None:
    assert called(["one", "two"], context) == ["served"]


def test_without_a_key_or_with_another_nothing_is_served() -> None:
    assert called(["one"], Context()) == [(401, MISSING, "Unauthorized")]
    assert called(["one"], Context(b"apiKey=")) == [(401, MISSING, "Unauthorized")]
    assert called(["one"], Context(x_api_key=b"on")) == [(401, WRONG, "Unauthorized")]
    assert called(["one"], Context(b"apiKey=one", x_api_key=b"two")) == [(401, WRONG, "Unauthorized")]


def test_where_no_key_is_set_nobody_is_asked_for_one() -> None:
    assert called([], Context()) == ["served"]
