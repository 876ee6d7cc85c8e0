"""A file answers one question, and a module of the package opens with the reason why it exists."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 420
SOURCES = sorted((ROOT / "src").rglob("*.py"))


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


@pytest.mark.parametrize("folder", ["src", "tests", "tools"])
def test_no_file_is_long(folder: str) -> None:
    long = {
        str(path.relative_to(ROOT)): lines(path)
        for path in (ROOT / folder).rglob("*.py")
        if lines(path) > LONGEST
    }
    assert not long, f"past {LONGEST} lines: ask which second question the file answers"


def test_every_module_opens_with_its_reason() -> None:
    silent = [
        str(path.relative_to(ROOT)) for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert SOURCES
    assert not silent, "no docstring"
