"""The page's resilience patterns, and its integration tests of resilience.spec.ts."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.rpc.api import MISSING, ORDER, Api, refused
from tests.rpc.figures import figure
from tests.support.apart import Apart, wait
from tests.support.queues import PATIENCE_S

SERVICES = ("ORDER_SERVICE", "INVENTORY_SERVICE", "PAYMENT_SERVICE")
RETRIES = 'tradewind_rpc_client_retries_total{service="%s"}'


def test_resilience_spec_health_endpoint(api: Api) -> None:
    answer = api("GET", "/health")
    assert (answer.status, answer.body) == (200, b'{"status":"ok"}')


def test_resilience_spec_circuit_breaker_stats(api: Api) -> None:
    """State and opossum's figures for each service, without an envelope."""
    api.got("/api/orders")
    answer = api("GET", "/health/circuits")
    assert answer.status == 200 and tuple(answer.json) == SERVICES
    for circuit in answer.json.values():
        assert set(circuit) == {"state", "stats"}
        assert {"fires", "successes", "failures", "rejects", "timeouts", "latencyMean", "percentiles"} <= set(
            circuit["stats"]
        )
    assert answer.json["ORDER_SERVICE"]["stats"]["fires"] > 0


def test_resilience_spec_closed_state_for_healthy_services(api: Api) -> None:
    for path in ("/api/orders", "/api/products", f"/api/payments/order/{MISSING}"):
        api.got(path)
    circuits = api("GET", "/health/circuits").json
    assert {name: circuit["state"] for name, circuit in circuits.items()} == dict.fromkeys(SERVICES, "CLOSED")


def test_resilience_spec_timeout_handling(
    beside: ExitStack, variables: dict[str, str], tmp_path: Path
) -> None:
    """A read that has no answer after 5,000 ms is asked again, and a service that has come back meanwhile
    answers.
    """
    queue = variables | {"PAYMENT_QUEUE": "silent_queue"}
    service = Apart.serve(tmp_path / "payments", "payments", queue)
    beside.callback(service.close)
    gateway = Apart.serve(tmp_path / "gateway", "gateway", queue)
    beside.callback(gateway.close)
    port = gateway.ports["gateway"]
    os.kill(service.process.pid, signal.SIGSTOP)
    beside.callback(os.kill, service.process.pid, signal.SIGCONT)
    pool = beside.enter_context(ThreadPoolExecutor(1))
    began = time.monotonic()
    asked = pool.submit(Api(port), "GET", f"/api/payments/{MISSING}")
    wait(lambda: figure(port, RETRIES % "PAYMENT_SERVICE") == 1, "it is asked again")
    assert 5.0 < time.monotonic() - began < 10.0
    os.kill(service.process.pid, signal.SIGCONT)
    assert refused(asked.result(PATIENCE_S), 404)["message"] == "Payment not found"


def test_resilience_spec_no_retry_on_404(api: Api, four: Apart) -> None:
    gateway, orders = four.ports["gateway"], four.ports["orders"]
    served = 'tradewind_rpc_server_requests_total{pattern="get_order_by_id",outcome="refused"}'
    retries, before = figure(gateway, RETRIES % "ORDER_SERVICE"), figure(orders, served)
    for _ in range(6):
        refused(api("GET", f"/api/orders/{MISSING}"), 404)
    assert figure(gateway, RETRIES % "ORDER_SERVICE") == retries
    assert figure(orders, served) == before + 6
    assert api("GET", "/health/circuits").json["ORDER_SERVICE"]["state"] == "CLOSED"


def test_circuit_breaker_open_after_half_of_5_calls_and_503_circuit_open(
    beside: ExitStack, variables: dict[str, str], tmp_path: Path
) -> None:
    """A write waits 3 s for a missing queue, and is tried once more after 500 ms. One service's circuit opens, the others' stay closed."""
    gateway = Apart.serve(tmp_path, "gateway", variables | {"ORDER_QUEUE": "absent_queue"})
    beside.callback(gateway.close)
    api = Api(gateway.ports["gateway"])
    began = time.monotonic()
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: api("POST", "/api/orders", ORDER), range(5)))
    assert 5.0 < time.monotonic() - began < 29.0
    for answer in answers:
        assert refused(answer, 503)["message"] == "ORDER_SERVICE is unavailable, try again later"
        assert int(answer.headers["retry-after"]) >= 1
    assert figure(api.port, RETRIES % "ORDER_SERVICE") == 5
    circuits = api("GET", "/health/circuits").json
    assert [circuits[name]["state"] for name in SERVICES] == ["OPEN", "CLOSED", "CLOSED"]
    answer = api("POST", "/api/orders", ORDER)
    assert refused(answer, 503)["message"] == "ORDER_SERVICE: circuit open"
    assert 1 <= int(answer.headers["retry-after"]) <= 30
    assert figure(api.port, 'tradewind_rpc_client_rejected_total{service="ORDER_SERVICE"}') == 1
    assert figure(api.port, 'tradewind_breaker_state{service="ORDER_SERVICE"}') == 2
    api.got("/api/products")
