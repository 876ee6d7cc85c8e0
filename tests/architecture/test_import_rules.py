"""An import rule that has never been seen red may be checking nothing: each is broken once, in a copy of the
tree.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # each rule is broken in a copy of the tree

ROOT = Path(__file__).resolve().parents[2]
LAYERS = (
    "cli",
    "operations",
    "testing",
    "runtime",
    "edge",
    "apis",
    "services",
    "contracts",
    "engine",
    "drivers",
    "observability",
    "core",
)
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
RULES: dict[str, str] = {contract["id"]: contract["name"] for contract in CONTRACTS}
EXEMPT: list[str] = [pair for contract in CONTRACTS for pair in contract.get("ignore_imports", [])]

# (rule, module that is given the import, what it imports)
PLANTS = [
    ("layers", "tradewind.operations.planted", "tradewind.cli.target"),
    ("layers", "tradewind.runtime.planted", "tradewind.testing.target"),
    ("layers", "tradewind.apis.kernel.planted", "tradewind.runtime.target"),
    ("layers", "tradewind.apis.kernel.planted", "tradewind.services.target"),
    ("layers", "tradewind.services.planted", "tradewind.apis.kernel.target"),
    ("layers", "tradewind.contracts.planted", "tradewind.services.target"),
    ("layers", "tradewind.engine.planted", "tradewind.contracts.target"),
    ("layers", "tradewind.engine.planted", "tradewind.drivers.target"),
    ("layers", "tradewind.drivers.planted", "tradewind.observability.target"),
    ("drivers", "tradewind.drivers.sqlite.planted", "tradewind.drivers.postgres.store"),
    ("layers", "tradewind.core.planted", "tradewind.engine.target"),
    ("layers", "tradewind.edge.planted", "tradewind.runtime.target"),
    ("layers", "tradewind.edge.planted", "tradewind.apis.kernel.target"),
    ("layers", "tradewind.services.planted", "tradewind.edge.target"),
    ("edge", "tradewind.edge.planted", "tradewind.contracts.target"),
    ("edge", "tradewind.edge.planted", "tradewind.engine.target"),
    ("yaml", "tradewind.edge.reading", "yaml"),
    ("services", "tradewind.services.orders.planted", "tradewind.services.payments.target"),
    ("services", "tradewind.services.users.planted", "tradewind.services.brand_new.target"),
    ("apis", "tradewind.apis.v1.planted", "tradewind.apis.rpc.target"),
    ("apis", "tradewind.apis.kernel.planted", "tradewind.apis.nest.target"),
    ("apis", "tradewind.apis.nest.planted", "tradewind.apis.fastify.target"),
    ("ports", "tradewind.apis.v1.planted", "tradewind.engine.target"),
    ("ports", "tradewind.apis.v1.planted", "tradewind.drivers.target"),
    ("domain", "tradewind.services.orders.domain", "sqlalchemy"),
    ("domain", "tradewind.services.brand_new.domain", "asyncio"),
    ("asyncpg", "tradewind.services.orders.storage", "asyncpg"),
    ("asyncmy", "tradewind.drivers.mysql.store", "asyncmy"),
    ("pamqp", "tradewind.drivers.rabbitmq.amqp.link", "pamqp"),
    ("grpcio", "tradewind.drivers.grpc.server", "grpc"),
    ("redis", "tradewind.drivers.redis.cache", "redis"),
    ("pymongo", "tradewind.drivers.mongodb.queries", "pymongo"),
    ("opentelemetry", "tradewind.apis.kernel.serving", "opentelemetry"),
    ("uvicorn", "tradewind.runtime.processes.fronts", "uvicorn"),
    ("sqlite3", "tradewind.services.orders.storage", "sqlite3"),
]


def module(src: Path, name: str, *, line: str = "") -> None:
    """Adds a line to a module, which is made with its packages where it is missing."""
    path = src.joinpath(*name.split("."))
    for package in reversed(path.parents[: len(name.split(".")) - 1]):
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    with file.open("a") as text:
        text.write(f"\n{line}\n")


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    env = {**os.environ, "PYTHONPATH": str(root / "src"), "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run([program, "--no-cache"], cwd=root, env=env, capture_output=True, text=True)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """pyproject.toml and src, with every layer and every exempt import there even where the tree has none
    yet.
    """
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for layer in LAYERS:
        module(tmp_path / "src", f"tradewind.{layer}.target")
    for pair in EXEMPT:
        importer, _, imported = pair.partition(" -> ")
        if "*" in pair:
            continue
        module(tmp_path / "src", importer, line=f"import {imported}")
    return tmp_path


@pytest.mark.parametrize(
    ("rule", "importer", "imported"), PLANTS, ids=lambda value: value.removeprefix("tradewind.")
)
def test_planted_import_breaks_its_rule(copy: Path, rule: str, importer: str, imported: str) -> None:
    if imported.startswith("tradewind."):
        module(copy / "src", imported)
    module(copy / "src", importer, line=f"import {imported}")
    seen = lint(copy)
    assert seen.returncode != 0
    assert f"{RULES[rule]} BROKEN" in seen.stdout
    assert f"{importer} -> {imported}" in seen.stdout


def test_every_rule_is_planted_against() -> None:
    assert {rule for rule, _, _ in PLANTS} == set(RULES)


def test_tree_keeps_every_rule(copy: Path) -> None:
    seen = lint(copy)
    assert seen.returncode == 0, seen.stdout + seen.stderr
    assert seen.stdout.count(" KEPT") == len(RULES)
