"""A blueprint adds API packages from outside the tree, with what they publish."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tradewind.core.api import ApiManifest
from tradewind.runtime import blueprint as blueprints
from tradewind.runtime import registry, schema
from tradewind.runtime.blueprint import BadBlueprint, Blueprint
from tradewind.runtime.processes.plan import FOLDER
from tradewind.runtime.registry import SERVICES

SHOP = """
packages = ["outside_api"]
[processes.shop]
services = ["orders", "invoices"]
apis = { outside = "http://" }
"""
MANIFEST = """
from tradewind.core.api import ApiManifest
APIS = (ApiManifest(name="outside", transport="http", clients=True, published="tests.blueprints.numbered.published"),)
"""


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the package, from which Python imports; what it adds is gone afterwards."""
    (tmp_path / "outside_api").mkdir()
    (tmp_path / "outside_api" / "manifest.py").write_text(MANIFEST)
    monkeypatch.syspath_prepend(tmp_path)
    before = dict(registry.APIS)
    yield tmp_path
    registry.APIS.clear()
    registry.APIS.update(before)
    for name in [name for name in sys.modules if name.startswith("outside_api")]:
        del sys.modules[name]


def load(folder: Path, text: str) -> Blueprint:
    (folder / "shop.toml").write_text(text)
    return blueprints.load(str(folder / "shop.toml"), folder=FOLDER, services=SERVICES, environment={})


def test_a_blueprint_adds_apis_and_their_tables(outside: Path) -> None:
    found = load(outside, SHOP)
    assert found.apis == {"outside"} and found.source == str(outside / "shop.toml")
    orders, invoices = schema.schemas(found.services, found.apis)
    assert [(table.service, table.name) for table in orders.publishes] == [("orders", "Order")]
    assert invoices.publishes == ()
    load(outside, SHOP)  # again is nothing


@pytest.mark.parametrize(
    ("package", "says"),
    [
        ("nowhere", "packages: nowhere has no module `manifest` with APIS"),
        ("tradewind", "packages: tradewind has no module `manifest`"),
        ("../shop", "packages: '../shop' is no package"),
    ],
)
def test_a_package_that_is_none_is_refused_by_name(outside: Path, package: str, says: str) -> None:
    with pytest.raises(BadBlueprint, match=says) as refused:
        load(outside, SHOP.replace("outside_api", package))
    assert "\n" not in str(refused.value)


def test_an_api_of_the_same_name_is_refused(outside: Path) -> None:
    (outside / "outside_api" / "manifest.py").write_text(MANIFEST.replace('"outside"', '"v1"'))
    with pytest.raises(BadBlueprint, match="there is an API v1 already"):
        load(outside, SHOP)
    assert isinstance(registry.APIS["v1"], ApiManifest)
