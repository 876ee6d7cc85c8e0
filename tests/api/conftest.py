"""A running shop of the usual kind to send things to."""

import pytest

from tests.support.shops import new_shop, shop

__all__ = ["new_shop", "shop"]


@pytest.fixture(scope="module")
def kind() -> str:
    """What comes in over HTTP is judged before it meets a store: one kind of database is enough here."""
    return "sqlite"
