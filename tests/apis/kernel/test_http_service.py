"""A service over HTTP is asked with the headers that it wants, and a write is sent again only where it certainly
was not done, or under a key.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from tests.apis.v1.fakes import FakeWorld
from tradewind.apis.kernel.resilience.http_service import HttpService
from tradewind.apis.kernel.resilience.presets import WRITE
from tradewind.core.http import HttpAnswer, HttpClient, NoHttpAnswer, NotReached
from tradewind.core.model import Refused

DONE = HttpAnswer(201, b"{}")


class Wire(HttpClient):
    """Each call has the next of `says`."""

    def __init__(self, *says: HttpAnswer | Exception) -> None:
        self.says = list(says)
        self.headers: list[Mapping[str, str]] = []

    async def call(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        deadline_s: float,
        largest: int = 1 << 20,
    ) -> HttpAnswer:
        self.headers.append(headers or {})
        said = self.says.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    async def close(self) -> None: ...


def service(wire: Wire) -> HttpService:
    soon = replace(WRITE, delays=(0.001,))
    return HttpService("orders", "http://there", wire, FakeWorld(), write=soon, headers={"x-api-key": "k"})


async def test_a_write_that_reached_nobody_is_sent_again_without_a_key() -> None:
    wire = Wire(NotReached("refused"), DONE)
    assert await service(wire).write("POST", "/orders", b"{}") == DONE
    assert len(wire.headers) == 2


async def test_a_write_that_nobody_reached_in_the_end_has_certainly_done_nothing() -> None:
    wire = Wire(NotReached("refused"), NotReached("refused"))
    with pytest.raises(Refused) as refused:
        await service(wire).write("POST", "/orders", b"{}")
    assert (refused.value.code, refused.value.status) == ("store_unavailable", 503)


@pytest.mark.parametrize("outcome", [NoHttpAnswer("cut off"), HttpAnswer(500, b"{}")], ids=["cut", "500"])
async def test_a_write_that_may_have_been_done_is_sent_again_only_under_a_key(
    outcome: HttpAnswer | Exception,
) -> None:
    wire = Wire(outcome, DONE)
    with pytest.raises(Refused) as refused:
        await service(wire).write("POST", "/orders", b"{}")
    assert refused.value.code == "outcome_unknown"
    assert len(wire.headers) == 1
    wire = Wire(outcome, DONE)
    assert await service(wire).write("POST", "/orders", b"{}", key="once") == DONE
    assert [headers["idempotency-key"] for headers in wire.headers] == ["once", "once"]


async def test_every_request_brings_the_api_key() -> None:
    wire = Wire(NotReached("refused"), DONE, DONE)
    asked = service(wire)
    await asked.write("POST", "/orders", b"{}", headers={"x-request-id": "r"})
    await asked.read("/orders")
    assert [headers["x-api-key"] for headers in wire.headers] == ["k", "k", "k"]
