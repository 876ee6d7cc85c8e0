"""The Compose files are what Compose takes, name settings that exist, and start in an order that works. They are not
started here: no machine of ours has a container runtime.
"""

from __future__ import annotations

import json
import re
import subprocess
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tradewind.runtime import blueprint, config, effects
from tradewind.runtime.processes.plan import FOLDER
from tradewind.runtime.registry import SERVICES
from tradewind.runtime.settings import SETTINGS

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "deploy/compose").glob("*.yml"))
NAMES = [file.stem for file in FILES]
OURS = "tradewind:"
STAND_INS = {"edge"}  # Kong itself is there in its place
PASSWORDS = ("POSTGRES", "RABBITMQ", "MYSQL", "MONGO", "REDIS")
VALUES = {**{f"{name}_PASSWORD": "p" * 40 for name in PASSWORDS}, "TRADEWIND_JWT_SECRET": "s" * 40}
STORES = ("postgres", "mysql", "mongodb")


def services(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / f"deploy/compose/{name}.yml").read_text())["services"]
    return found


def servers(name: str) -> set[str]:
    """What is not ours."""
    return {one for one, described in services(name).items() if not described["image"].startswith(OURS)}


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_it_follows_the_schema_of_compose(file: Path) -> None:
    folder = resources.files("check_jsonschema") / "builtin_schemas/vendor"
    schema = json.loads((folder / "compose-spec.json").read_text())
    jsonschema.validate(yaml.safe_load(file.read_text()), schema)


@pytest.mark.parametrize("name", NAMES)
def test_every_process_of_the_blueprint_has_a_container_with_settings_that_hold(name: str) -> None:
    found = services(name)
    for container, described in found.items():
        if container in servers(name):
            continue
        given = {
            key: re.sub(r"\$\{(\w+):\?[^}]*\}", lambda used: VALUES[used[1]], value)
            for key, value in described["environment"].items()
        }
        chosen = blueprint.load(name, folder=FOLDER, services=SERVICES, environment=given)
        made = config.load(given, chosen.settings)
        effects.check(made, chosen, given, ())
        known = {*map(config.wire, SETTINGS), *named(name)}
        assert set(given) <= known
    assert ({process.name for process in chosen.processes} - STAND_INS) | servers(name) | {"migrate"} == set(
        found
    )


def named(name: str) -> set[str]:
    """The variables that a blueprint reads; `${A|B}` has two."""
    return {one for names in re.findall(r"\$\{([\w|]+)", blueprint_text(name)) for one in names.split("|")}


def blueprint_text(name: str) -> str:
    return (ROOT / f"src/tradewind/runtime/blueprints/{name}.toml").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_servers_come_first_then_the_schema_then_the_processes(name: str) -> None:
    found = services(name)
    for container, described in found.items():
        if container == "kong":
            waits = {"orders": "service_healthy", "invoices": "service_healthy"}
            assert {one: how["condition"] for one, how in described["depends_on"].items()} == waits
        elif container in servers(name):
            assert "depends_on" not in described
        elif container == "migrate":
            stores = {one for one in servers(name) if one.startswith(STORES)}
            assert described["depends_on"] == {key: {"condition": "service_healthy"} for key in stores}
            continue
        else:
            waits = described["depends_on"]
            assert waits["migrate"]["condition"] == "service_completed_successfully"
            assert described["command"] == ["serve", container, "--blueprint", name]
            for other in waits.keys() & servers(name):
                assert waits[other]["condition"] == "service_healthy"
        assert "healthcheck" in described, container


@pytest.mark.parametrize("name", NAMES)
def test_images_are_pinned_ports_are_unique_and_no_password_is_in_the_file(name: str) -> None:
    text = (ROOT / f"deploy/compose/{name}.yml").read_text()
    ports = [port for described in services(name).values() for port in described.get("ports", ())]
    assert len(ports) == len({port.rsplit(":", 2)[-2] for port in ports})
    for described in services(name).values():
        assert re.search(r":v?\d+\.\d", described["image"]), described["image"]
    for line in text.splitlines():
        if re.match(r"\s+\w*(PASS|PASSWORD|SECRET)\w*:", line):
            assert ":?" in line, line


def test_the_image_runs_without_root_from_pinned_packages() -> None:
    lines = (ROOT / "deploy/Dockerfile").read_text()
    assert re.search(r"^FROM \S+:\d+\.\d+\.\d+", lines, re.MULTILINE)
    assert re.search(r"^USER (?!root)\w+", lines, re.MULTILINE)
    assert "--require-hashes" in lines
    assert not re.search(r"^(ARG|ENV).*(PASSWORD|SECRET)", lines, re.MULTILINE)
    assert ".git" in (ROOT / ".dockerignore").read_text().split()


@pytest.mark.parametrize("name", ["contracts", "invoicing"])
def test_kong_has_our_file_with_the_addresses_of_the_containers(name: str) -> None:
    found = services(name)
    kong = found["kong"]
    (mounted,) = kong["volumes"]
    text = (ROOT / "deploy/compose" / mounted.partition(":")[0]).read_text()
    command = kong["entrypoint"][2].replace("$$", "$")
    filled = command.partition("&&")[0].replace("/kong.yml > /tmp/kong.yml", "")
    done = subprocess.run(
        ["sh", "-c", filled],
        input=text,
        env=kong["environment"] | {"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    urls = {one["name"]: one["url"] for one in yaml.safe_load(done.stdout)["services"]}
    for service, url in urls.items():
        given = found[service]["environment"]
        assert url == f"http://{service}:{given.get('APP_PORT') or given['PORT']}"
    assert set(urls) == {"orders", "invoices"}
