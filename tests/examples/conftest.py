"""A running shop for the examples."""

import pytest

from tests.support.shops import shop

__all__ = ["shop"]


@pytest.fixture(scope="module")
def kind() -> str:
    return "sqlite"
