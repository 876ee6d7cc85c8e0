"""The page of the API rpc holds too where its gateway and its services are one process without a broker: the
same tests, but for those that look at queues, other processes or PostgreSQL.
"""

from __future__ import annotations

from tests.rpc.api import ORDER, Api, fresh, refused
from tests.rpc.test_page_idempotency import test_a_key_of_an_order_is_none_of_a_payment  # noqa: F401
from tests.rpc.test_page_orders import *  # noqa: F403
from tests.rpc.test_page_payments import *  # noqa: F403
from tests.rpc.test_page_products import *  # noqa: F403
from tests.rpc.test_page_walkthrough import (  # noqa: F401
    test_curl_create_a_test_order,
    test_curl_health,
    test_swagger_at_api_docs,
)
from tests.support.apart import Apart


def test_health_and_figures_are_on_the_port_of_the_api(one: Apart, api: Api) -> None:
    assert api("GET", "/health/ready").json == {"status": "ready"}
    assert set(api("GET", "/health/circuits").json) == {
        "ORDER_SERVICE",
        "INVENTORY_SERVICE",
        "PAYMENT_SERVICE",
    }
    assert one.children == []


def test_the_same_key_is_the_same_order(api: Api) -> None:
    key = fresh()
    made = api.made("/api/orders", ORDER, key=key)
    assert api.made("/api/orders", ORDER, key=key) == made
    refused(api("POST", "/api/orders", {**ORDER, "total": 1}, key=key), 422)
