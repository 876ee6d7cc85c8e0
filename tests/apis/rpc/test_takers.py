"""A gateway is ready when each service that it needs has answered, and not because its broker is there."""

from collections.abc import Callable

from tests.apis.resilience.support import Time
from tests.apis.rpc.fakes import DOWN, FakeClient
from tradewind.apis.kernel.resilience.guarded import Guarded
from tradewind.apis.rpc.downstream import Takers, judge
from tradewind.core.request_queue import Kind, Outcome

THERE = Outcome(Kind.REFUSED, b'{"statusCode":404}')


def test_each_service_answers_once_since_the_broker_was_lost() -> None:
    asked: list[tuple[str, Callable[[Outcome], None]]] = []

    def guarded(name: str) -> Guarded[Outcome]:
        def look(_: float, then: Callable[[Outcome], None]) -> None:
            asked.append((name, then))

        return Guarded(name, judge, clock=lambda: 0.0, later=lambda *_: None, look=look)

    client = FakeClient(Time())
    takers = Takers(client, {name: guarded(name) for name in ("ORDER", "INVENTORY")})
    both = ["ORDER: no answer yet", "INVENTORY: no answer yet"]
    assert takers.missing() == takers.missing() == both
    assert [name for name, _ in asked] == ["ORDER", "INVENTORY"]  # one look at a time
    asked[0][1](THERE)
    asked[1][1](DOWN)
    assert takers.missing() == both[1:]
    asked[2][1](THERE)
    assert takers.missing() == []
    client.up = False
    assert takers.missing() == []  # the broker is named by the gateway
    client.up = True
    assert takers.missing() == both
