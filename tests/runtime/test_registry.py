"""A service is one folder and one line: whatever else must know it asks its manifest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tradewind import services
from tradewind.contracts.orders import OrderCreated
from tradewind.contracts.policies import Policies
from tradewind.engine.service_runtime import furnish
from tradewind.runtime import registry
from tradewind.runtime.config import defaults
from tradewind.runtime.schema import schema

FOLDER = Path(services.__file__).parent


def test_every_folder_is_listed_once() -> None:
    assert sorted(registry.SERVICES) == sorted(path.parent.name for path in FOLDER.glob("*/service.py"))


@pytest.mark.parametrize("name", registry.SERVICES)
def test_a_manifest_says_what_is_there(name: str) -> None:
    found = registry.manifest(name)
    assert (found.name, found.steps) == (name, FOLDER / name / "migrations")
    assert schema(name).name == name
    (made,) = registry.services([name], defaults())
    assert made.name == name
    assert {table.rows.metadata for table in made.tables.values()} == {found.tables}


@pytest.mark.parametrize(
    ("policies", "hears"),
    [
        (Policies(), {"inventory", "invoices", "notifications"}),
        (Policies(payment="none", invoice="none"), {"notifications"}),
        (Policies(payment="on-order"), {"payments", "invoices", "notifications"}),
        (Policies(invoice="none"), {"inventory", "notifications"}),
    ],
)
def test_policies_reach_a_service_through_its_manifest(policies: Policies, hears: set[str]) -> None:
    made = registry.services(registry.SERVICES, defaults(), policies=policies)
    assert {name for name, runtime in furnish(made).items() if runtime.hears(OrderCreated)} == hears


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


def test_what_all_processes_know_needs_no_extra() -> None:
    """Nor the time that its libraries take."""
    libraries = (
        "aiohttp",
        "asyncpg",
        "cryptography",
        "opentelemetry",
        "pamqp",
        "requests",
        "uvicorn",
        "yaml",
    )
    code = (
        "import sys, tradewind.cli.app, tradewind.runtime.settings, tradewind.runtime.processes.built;"
        f"print([name for name in {libraries} if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_manifests_of_apis_are_light() -> None:
    """A process imports the APIs that it serves: of the others nothing but what their manifests say."""
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from tradewind.runtime import config, registry;"
            "print(sorted({name.rpartition('.')[2] for name in sys.modules if name.startswith('tradewind.apis.')"
            " and name.count('.') > 2}))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "['manifest', 'variables']"
