"""Services that name what runs in front of them have begun to depend on it, whatever they import."""

import re
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2] / "src" / "tradewind"
# the names of the other blueprints are ordinary words
API = re.compile(r"(?<![a-z])(?:rpc|nest|nestjs|graphql|kong|published system)(?![a-z])", re.IGNORECASE)


@pytest.mark.parametrize("package", ["contracts", "services"])
def test_no_name_of_an_api(package: str) -> None:
    files = sorted((TREE / package).rglob("*.py"))
    named = {str(path): words for path in files if (words := API.findall(path.read_text()))}
    assert files and named == {}


@pytest.mark.parametrize("line", ["as the blueprint `rpc` shows it", "# the published system has", "NestJS"])
def test_the_name_of_an_api_would_be_seen(line: str) -> None:
    assert API.findall(line)
