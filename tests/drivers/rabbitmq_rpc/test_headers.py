"""Headers that somebody else wrote are read as far as they can be."""

from typing import Any

import pytest

from tradewind.drivers.rabbitmq.rpc.headers import notes


@pytest.mark.parametrize(
    "headers", [None, {}, {"x-deadline": "5", "traceparent": 7}, {"x-deadline": True}, {"x-deadline": 1.5}]
)
def test_headers_of_another_kind_are_none(headers: dict[str, Any] | None) -> None:
    assert notes(headers) == (0, "")
