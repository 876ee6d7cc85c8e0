"""Any process of the blueprint `services` may be killed under load: a new order is accepted and comes to its end
within 15 seconds, and the books agree afterwards.
"""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.support import services_apart
from tests.support.shop import FINAL, Shop, basket, until
from tests.support.shops import OpenShop

WITHIN_S = 15.0


@pytest.fixture(scope="module")
def kind() -> str:
    return "services"


pytestmark = [pytest.mark.postgres, pytest.mark.rabbitmq]


def placed(shop: Shop, key: str) -> str:
    """The id of a new order, tried again under its key until it is accepted; the token is there already."""

    def place() -> str:
        try:
            with shop.connect(timeout=WITHIN_S) as connection:
                answer = connection.call("POST", "/api/v1/orders", basket(), token=shop.token("ada"), key=key)
        except OSError:
            return ""
        return str(answer.json["id"]) if answer.status == 201 else ""

    return until(place, "a new order is accepted", WITHIN_S)


def ready(shop: Shop) -> bool:
    try:
        return shop.call("GET", "/health/ready", who="").status == 200
    except OSError:
        return False


def test_kill_9_of_any_process(new_shop: OpenShop) -> None:
    shop = new_shop().start()
    assert shop.process is not None
    first = shop.order()
    killed: set[str] = set()
    for pid in services_apart.children(shop.process.pid):
        name = services_apart.process_name(pid)
        killed.add(name)
        before = [shop.order(token) for token in ("tok_ok", "tok_charged_no_answer")]  # what is under way
        os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        order_id = placed(shop, f"after {name}".replace(" ", "-"))

        def final(order_id: str = order_id) -> bool:
            try:
                with shop.connect(timeout=WITHIN_S) as connection:
                    answer = connection.call("GET", f"/api/v1/orders/{order_id}", token=shop.token("ada"))
            except OSError:
                return False
            return answer.status == 200 and answer.json["status"] in FINAL

        until(final, f"a new order is final after {name} was killed", WITHIN_S - time.monotonic() + began)
        for one in before:
            until(lambda one=one: final(one), "what was under way is final", 45)  # type: ignore[misc]
        until(lambda: ready(shop), "ready again")
    assert killed == {*services_apart.SERVICES, "gateway", "provider"}
    assert shop.wait_final(first)["status"] == "CONFIRMED"
    shop.settle()
    assert shop.sigterm() == 0
    shop.assert_clean()
