"""What a client of the gateway sees while a service is slow, away, failing or full."""

import pytest

from tests.apis.rpc.fakes import BUSY, DOWN, ORDER, PAYMENT, TEA, TIMEOUT, UUID, Shop, answer, refused
from tradewind.apis.kernel.resilience.presets import Preset

PATH = f"/api/orders/{UUID}"


def state(shop: Shop, service: str = "ORDER_SERVICE") -> str:
    return str(shop.call("GET", "/health/circuits").json[service]["state"])


def test_get_endpoints_time_out_after_5000_ms_and_post_endpoints_after_10000_ms() -> None:
    shop = Shop()
    shop.call("GET", PATH)
    shop.call("POST", "/api/orders", ORDER)
    assert [asked.timeout_s for asked in shop.client.asked] == [5.0, 10.0]


@pytest.mark.parametrize("outcome", [DOWN, TIMEOUT, refused(500)], ids=["down", "timeout", "5xx"])
def test_a_transient_failure_is_tried_again(outcome: object) -> None:
    shop = Shop()
    shop.says(outcome, answer({"id": "2"}))  # type: ignore[arg-type]
    assert shop.call("GET", PATH).data == {"id": "2"}
    assert len(shop.client.asked) == 2


def test_a_business_error_is_thrown_immediately_without_retry() -> None:
    shop = Shop()
    for _ in range(20):
        shop.says(refused(404))
        assert shop.call("GET", PATH).status == 404
    assert len(shop.client.asked) == 20
    assert state(shop) == "CLOSED"


@pytest.mark.parametrize(("path", "body"), [("/api/orders", ORDER), ("/api/payments", PAYMENT)])
def test_a_write_is_tried_again_under_the_same_key(path: str, body: object) -> None:
    shop = Shop()
    for headers in ({}, {"X_Idempotency_Key": "mine"}):
        shop.client.asked.clear()
        shop.says(TIMEOUT)
        assert shop.call("POST", path, body, **headers).status == 201
        first, second = shop.client.asked
        assert first.data == second.data
        assert first.json["idempotencyKey"]


def test_a_product_is_tried_again_since_its_sku_is_its_key() -> None:
    shop = Shop()
    shop.says(DOWN)
    assert shop.call("POST", "/api/products", TEA).status == 201
    assert len(shop.client.asked) == 2


def test_while_the_broker_is_away_the_answer_is_503_within_the_deadline() -> None:
    shop = Shop()
    shop.client.usual = DOWN
    began = shop.time.now
    found = shop.call("GET", PATH)
    assert shop.time.now - began <= 2.2
    assert (found.status, found.data["statusCode"]) == (503, 503)
    assert "ORDER_SERVICE" in found.data["message"]
    assert int(found.headers["retry-after"]) >= 1


def test_a_service_that_never_answers_is_503_that_says_so() -> None:
    shop = Shop(write=Preset(1.0, (0.1,), 2.0))
    shop.client.usual = TIMEOUT
    began = shop.time.now
    found = shop.call("POST", "/api/orders", ORDER)
    assert (found.status, found.data["message"]) == (503, "ORDER_SERVICE did not answer in time")
    assert [asked.timeout_s for asked in shop.client.asked] == pytest.approx([1.0, 0.9])
    assert shop.time.now - began <= 2.02


def test_503_circuit_open() -> None:
    shop = Shop()
    shop.trip()
    asked = len(shop.client.asked)
    found = shop.call("GET", PATH)
    assert found.status == 503
    assert "circuit open" in found.data["message"]
    assert found.headers["retry-after"] == "1"  # the service is looked after every second
    assert "circuit open" in shop.call("GET", PATH, X_Lang="de").data["message"]
    assert len(shop.client.asked) == asked
    assert state(shop) == "OPEN"


def test_one_service_that_fails_leaves_the_others_alone() -> None:
    shop = Shop()
    shop.trip()
    assert state(shop, "INVENTORY_SERVICE") == state(shop, "PAYMENT_SERVICE") == "CLOSED"
    assert shop.call("POST", "/api/products", TEA).status == 201


def test_half_open_lets_one_probe_pass_and_closes_on_success() -> None:
    shop = Shop()
    shop.trip()
    shop.time.pass_by(30.0)
    assert state(shop) == "HALF_OPEN"
    probe, other = shop.send("GET", PATH), shop.send("GET", PATH)
    assert other.answer is not None
    assert other.answer.status == 503
    shop.time.pass_by(0.01)
    assert probe.answer is not None
    assert probe.answer.status == 200
    assert state(shop) == "CLOSED"


def test_half_open_and_a_probe_that_fails_is_open_again() -> None:
    shop = Shop()
    shop.trip()
    shop.time.pass_by(30.0)
    shop.says(refused(500))
    assert shop.call("GET", PATH).status == 500
    assert state(shop) == "OPEN"


def test_past_the_bound_of_a_service_it_is_503_at_once() -> None:
    shop = Shop(in_flight=2)
    shop.client.silent = True
    waiting = [shop.send("GET", PATH) for _ in range(2)]
    found = shop.call("GET", PATH)
    assert (found.status, found.headers["retry-after"]) == (503, "1")
    assert shop.call("GET", "/api/products?page=0").status == 400
    for asked in shop.client.asked:
        asked.then(answer({}))
    assert all(request.answer is not None and request.answer.status == 200 for request in waiting)
    assert shop.gateway.levels["rpc_in_flight"]() == {
        "ORDER_SERVICE": 0.0,
        "INVENTORY_SERVICE": 0.0,
        "PAYMENT_SERVICE": 0.0,
    }
    assert shop.gateway.levels["rpc_client_shed"]()["ORDER_SERVICE"] == 1


def test_a_client_without_room_is_503_and_opens_no_circuit() -> None:
    shop = Shop()
    shop.client.usual = BUSY
    for _ in range(10):
        found = shop.call("POST", "/api/orders", ORDER)
        assert (found.status, found.headers["retry-after"]) == (503, "1")
    assert len(shop.client.asked) == 10
    assert state(shop) == "CLOSED"


def test_levels_are_those_that_metrics_know() -> None:
    from tradewind.observability.metrics import Metrics

    shop, metrics = Shop(), Metrics()
    for name, read in shop.gateway.levels.items():
        metrics.watch(name, read)
    shop.trip()
    shop.call("GET", PATH)
    page = metrics.render().decode()
    assert 'tradewind_breaker_state{service="ORDER_SERVICE"} 2' in page
    assert 'tradewind_rpc_client_rejected_total{service="ORDER_SERVICE"} 1' in page
    assert 'tradewind_rpc_client_retries_total{service="ORDER_SERVICE"}' in page


def test_ready_says_what_is_missing() -> None:
    lacks: list[str] = []
    shop = Shop({"lacks": lambda: lacks})
    assert (shop.call("GET", "/health/ready").status, shop.call("GET", "/health/live").status) == (200, 200)
    shop.client.up, shop.client.missing = False, "RabbitMQ refuses the connection"
    lacks.append("the collector")
    found = shop.call("GET", "/health/ready")
    assert (found.status, found.json["missing"]) == (
        503,
        ["broker: RabbitMQ refuses the connection", "the collector"],
    )
    assert shop.call("GET", "/health/live").status == shop.call("GET", "/health").status == 200


def test_a_gateway_that_leaves_is_not_ready_and_still_answers() -> None:
    shop = Shop()
    shop.gateway.drain()
    assert shop.call("GET", "/health/ready").json["missing"] == ["shutting down"]
    assert shop.call("GET", PATH).status == 200
