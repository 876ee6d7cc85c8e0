"""A running shop for the commands that ask one."""

import pytest

from tests.support.shops import furnished, new_shop, shop

__all__ = ["furnished", "new_shop", "shop"]


@pytest.fixture(scope="module")
def kind() -> str:
    return "sqlite"
