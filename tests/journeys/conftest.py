"""Shops to walk through: in one process on each database, and with every service in a process of its own."""

import pytest

from tests.support.shops import KINDS, new_shop, shop

__all__ = ["new_shop", "shop"]
APART = pytest.param("services", marks=[pytest.mark.postgres, pytest.mark.rabbitmq])


@pytest.fixture(scope="module", params=[*KINDS, APART])
def kind(request: pytest.FixtureRequest) -> str:
    """Of shop."""
    return str(request.param)
