"""The queues of an API may be answered here and elsewhere: rpc beside orders, with its other services apart."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rpc.api import ORDER, PAYMENT, Api, fresh, product, refused
from tests.support.apart import Apart, wait
from tests.support.databases import own_database
from tests.support.queues import broker
from tests.support.queues import fresh as unused
from tests.support.services_apart import clean_up, process_name

pytestmark = [pytest.mark.postgres, pytest.mark.rabbitmq]
PARTED = str(Path(__file__).with_name("rpc_parted.toml"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    exchange = unused("parted")
    queues = {f"TRADEWIND_{name}_QUEUE": unused(name) for name in ("ORDER", "INVENTORY", "PAYMENT")}
    ours = {**queues, "TRADEWIND_EVENT_EXCHANGE": exchange, "TRADEWIND_QUEUE_TYPE": "classic"}
    with own_database("parted") as url:
        given = {"DATABASE_URL": url, "RABBITMQ_URL": broker(), "API_GATEWAY_PORT": "0", **ours}
        made = Apart.up(tmp_path_factory.mktemp("parted"), given, blueprint=PARTED)
        try:
            yield made
            assert made.stop() == 0, made.log.read_text()[-2_000:]
        finally:
            made.close()
            clean_up(*queues.values(), exchange=exchange)


@pytest.fixture(scope="module")
def api(running: Apart) -> Api:
    return Api(running.ports["shop"])


def test_what_is_here_and_what_is_apart_answer_alike(api: Api) -> None:
    key = fresh()
    order = api.made("/api/orders", ORDER, key=key)
    assert api.made("/api/orders", ORDER, key=key) == order
    assert api.got(f"/api/orders/{order['id']}") == order
    payment = api.made("/api/payments", {**PAYMENT, "orderId": order["id"]})
    assert api.got(f"/api/payments/{payment['id']}") == payment
    made = api.made("/api/products", product(fresh("SKU")))
    assert api.got(f"/api/products/{made['id']}") == made
    refused(api("POST", "/api/orders", {**ORDER, "total": 1}, key=key), 422)
    assert api("GET", "/health/ready").json == {"status": "ready"}


def test_a_service_apart_that_is_gone_is_no_loss_for_the_one_here(running: Apart, api: Api) -> None:
    (apart,) = [pid for pid in running.children if process_name(pid) == "apart"]
    os.kill(apart, signal.SIGKILL)
    assert api("POST", "/api/orders", ORDER).status == 201
    wait(lambda: api("POST", "/api/products", product(fresh("SKU"))).status == 201, "inventory is back")
