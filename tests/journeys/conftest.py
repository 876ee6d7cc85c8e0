"""Shops to walk through: in one process on each database, and with every service in a process of its own."""

import pytest

from tests.support.shops import KINDS, MYSQL, new_shop, shop

__all__ = ["new_shop", "shop"]
APART = pytest.param("services", marks=[pytest.mark.postgres, pytest.mark.rabbitmq])
APART_ON_MYSQL = pytest.param("services-mysql", marks=[pytest.mark.mysql, pytest.mark.rabbitmq])
# those that prove something about the store run on a third one
MORE = {"test_oversell": [MYSQL, APART_ON_MYSQL], "test_races": [MYSQL]}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Where a module has no kind of its own."""
    if "kind" in metafunc.fixturenames and not hasattr(metafunc.module, "kind"):
        word = metafunc.module.__name__.rpartition(".")[2]
        metafunc.parametrize("kind", [*KINDS, APART, *MORE.get(word, ())], indirect=True, scope="module")


@pytest.fixture(scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    """Of shop."""
    return str(request.param)
