"""Hands out running shops. One of each kind is furnished once per run, the others are copies of its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from tests.support.keeping import drop_all, nothing
from tests.support.people import People
from tests.support.shop import Shop

KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
MYSQL = pytest.param("mysql", marks=pytest.mark.mysql)
"""For the suites that prove something about the store: the others prove it about the shop."""
OpenShop = Callable[..., Shop]


class Furnished:
    """A shop at rest, with an admin, three customers and the products TEA and LAST; how to open copies of
    it.
    """

    def __init__(self, kind: str, home: Path) -> None:
        self.people = People()
        self._home, self._lasting = home, cast(Shop | None, None)
        self.keeping = nothing(home / "furnished", kind)
        self._run(furnish)

    def _run(self, work: Callable[[Shop], None]) -> None:
        shop = Shop(self.keeping, self.people).start()
        try:
            work(shop)
            assert shop.sigterm() == 0
        finally:
            shop.close()

    def copy(self, data: Path, **settings: str) -> Shop:
        """Not started yet."""
        if not self.people.fresh:
            self._run(lambda shop: shop.people.renew(shop.connect))
        return Shop(self.keeping.copy(data), self.people.copy(), **settings)

    def lasting(self) -> Shop:
        """The copy that runs until the last test: nine processes are started once for all modules."""
        if self._lasting is None:
            self._lasting = self.copy(self._home / "lasting")
        if not self._lasting.alive:
            self._lasting.start()
        return self._lasting

    def end(self) -> None:
        if self._lasting is not None:
            try:
                leave(self._lasting)
            finally:
                self._lasting.close()


def furnish(shop: Shop) -> None:
    """People, and two products: TEA, and LAST of which there is little."""
    shop.people.register(shop.connect)
    shop.people.renew(shop.connect)
    shop.product("TEA")
    shop.product("LAST", stock=5)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Furnished]]:
    """One for all folders, in `tests/conftest.py`: its end drops the databases of every shop of this run."""
    made: dict[str, Furnished] = {}

    def give(kind: str) -> Furnished:
        if kind not in made:
            made[kind] = Furnished(kind, tmp_path_factory.mktemp(kind))
        return made[kind]

    try:
        yield give
        for one in made.values():
            one.end()
    finally:
        drop_all()


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Of database."""
    return str(request.param)


@pytest.fixture
def new_shop(kind: str, furnished: Callable[[str], Furnished], tmp_path: Path) -> Iterator[OpenShop]:
    """Makes copies of the furnished shop, not started yet; `empty` ones have never run."""
    shops: list[Shop] = []

    def make(*, empty: bool = False, **settings: str) -> Shop:
        data = tmp_path / f"shop{len(shops)}"
        shops.append(
            Shop(nothing(data, kind), People(), **settings)
            if empty
            else furnished(kind).copy(data, **settings)
        )
        return shops[-1]

    yield make
    _close(shops)


@pytest.fixture(scope="module")
def shop(
    kind: str, furnished: Callable[[str], Furnished], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """A running one that the tests of a module share. What they leave must be clean. Apart, all modules
    share it: names of products and people are those of one module.
    """
    if kind.startswith("services"):
        shared = furnished(kind).lasting()
        yield shared
        shared.settle()
        return
    shared = furnished(kind).copy(tmp_path_factory.mktemp("shared") / "shop")
    try:
        yield shared.start()
        leave(shared)
    finally:
        shared.close()


def leave(shop: Shop) -> None:
    """Stops it; what its tests have left must be clean."""
    shop.settle()
    assert shop.sigterm() == 0
    shop.assert_clean()


def _close(shops: list[Shop]) -> None:
    for shop in shops:
        shop.close()
