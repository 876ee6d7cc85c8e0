"""The running shop keeps what its description promises, whatever is sent to it: examples, the borders of
schemas, chance, and chains.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.api.fuzzing import Found, fuzz, label
from tests.support.people import CUSTOMERS
from tests.support.shop import Shop
from tradewind.apis.v1 import openapi
from tradewind.contracts.operation import Operation

pytestmark = pytest.mark.slow
# there is no dead letter in a shop where nothing is broken: tests/crash has some
UNREACHED = {"ops.replay", "ops.discard"}


@pytest.fixture(scope="module")
def found(shop: Shop) -> Found:
    shop.wait_final(shop.order())
    me = shop.get("/users/me", who="admin")["id"]
    return fuzz(described(shop), f"http://127.0.0.1:{shop.port}", shop.token("admin"), spare=me)


def described(shop: Shop) -> dict[str, Any]:
    """The description, with examples of what only one party has been given."""
    description = copy.deepcopy(openapi.document())
    ada, bob = (CUSTOMERS[name]._asdict() for name in ("ada", "bob"))
    held = {
        "refresh": shop.post("/auth/login", ada, who="", status=200),
        "logout": shop.post("/auth/login", bob, who="", status=200),
    }
    for name, example in {
        "login": ada,
        **{name: {"refreshToken": tokens["refreshToken"]} for name, tokens in held.items()},
    }.items():
        description["paths"][f"/api/v1/auth/{name}"]["post"]["requestBody"]["content"]["application/json"][
            "example"
        ] = example
    return description


def test_nothing_is_found(found: Found, shop: Shop) -> None:
    assert not found.failures, "\n\n".join(found.failures)
    assert found.requests > 1_000
    assert shop.alive
    assert "Traceback" not in shop.log.read_text()


@pytest.mark.parametrize("operation", openapi.ALL, ids=lambda operation: operation.name)
def test_every_operation_was_reached(operation: Operation, found: Found) -> None:
    """Else the run would prove that refusals are refusals."""
    statuses = found.answered[label(operation)]
    assert operation.name in UNREACHED or operation.status in statuses, statuses


def test_a_wrong_description_is_found(shop: Shop) -> None:
    wrong = copy.deepcopy(openapi.document())
    wrong["paths"] = {"/health/live": wrong["paths"]["/health/live"]}
    wrong["components"]["schemas"]["Health"]["properties"]["status"]["enum"] = ["ready"]
    failures = fuzz(
        wrong, f"http://127.0.0.1:{shop.port}", shop.token("admin"), spare="", phases=("fuzzing",)
    ).failures
    assert any("/health/live" in failure for failure in failures)
