"""A service is one folder and one line: whatever else must know it asks its manifest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tradewind import services
from tradewind.contracts.orders import OrderCreated
from tradewind.engine.service_runtime import furnish
from tradewind.runtime import registry
from tradewind.runtime.config import defaults
from tradewind.runtime.schema import schema
from tradewind.services.payments.provider.absent import NoProvider

FOLDER = Path(services.__file__).parent


def test_every_folder_is_listed_once() -> None:
    assert sorted(registry.SERVICES) == sorted(path.parent.name for path in FOLDER.glob("*/service.py"))


@pytest.mark.parametrize("name", registry.SERVICES)
def test_a_manifest_says_what_is_there(name: str) -> None:
    found = registry.manifest(name)
    assert (found.name, found.steps) == (name, FOLDER / name / "migrations")
    assert schema(name).name == name
    (made,) = registry.services([name], defaults(), NoProvider())
    assert made.name == name
    assert {table.rows.metadata for table in made.tables.values()} == {found.tables}


def test_settings_reach_a_service_through_its_manifest() -> None:
    def heard(**changes: object) -> set[str]:
        (orders,) = registry.services(["orders"], defaults(**changes), NoProvider())
        return {kind.__name__ for kind in orders.rules}

    assert "PaymentCompleted" in heard()
    assert "PaymentCompleted" not in heard(reactions=())


@pytest.mark.parametrize("reactions", [(), ("stock",), ("stock", "payment"), ("invoice", "notification")])
def test_one_process_runs_what_its_settings_wire(reactions: tuple[str, ...]) -> None:
    runtimes = furnish(registry.services(registry.SERVICES, defaults(reactions=reactions), NoProvider()))
    assert runtimes["inventory"].hears(OrderCreated) == ("stock" in reactions)
    assert runtimes["invoices"].hears(OrderCreated) == ("invoice" in reactions)


def test_a_process_imports_the_services_it_runs_alone() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from tradewind.runtime import registry; registry.manifest('users');"
            "print(sorted(n for n in sys.modules if n.startswith('tradewind.services.') and n.endswith('.service')))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "['tradewind.services.users.service']"
