"""A running shop for the examples."""

import pytest

from tests.support.shops import furnished, shop

__all__ = ["furnished", "shop"]


@pytest.fixture(scope="module")
def kind() -> str:
    return "sqlite"
