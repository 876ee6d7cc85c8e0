"""A running shop for the commands that ask one."""

import pytest

from tests.support.shops import new_shop, shop

__all__ = ["new_shop", "shop"]


@pytest.fixture(scope="module")
def kind() -> str:
    return "sqlite"
