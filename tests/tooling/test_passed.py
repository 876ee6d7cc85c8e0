"""What CI has proven on a machine without servers is not run again, and nothing else is left out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support import passed

ROOT = Path(__file__).resolve().parents[2]
TESTS = """
import pytest

@pytest.fixture
def breaks_at_its_end():
    yield
    raise ValueError

def test_passes(): pass
def test_fails(): assert False
def test_skips(): pytest.skip("it has no server")
def test_ends_badly(breaks_at_its_end): pass
@pytest.mark.parametrize("value", ["a b", "ü/[x]"])
def test_of(value): pass
"""
CONFTEST = """
from tests.support import passed

def pytest_configure(config):
    for plugin in passed.plugins(config):
        config.pluginmanager.register(plugin)
"""


def run(folder: Path, **environment: Path) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", str(folder)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **{name: str(path) for name, path in environment.items()}}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=180).stdout


def test_what_has_passed_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]")
    note = tmp_path / "passed"
    assert "1 failed, 4 passed, 1 skipped, 1 error" in run(tmp_path, **{passed.TO: note})
    assert note.read_text().count("\n") == 3
    again = run(tmp_path, **{passed.IN: note})
    assert "1 failed, 1 passed, 1 skipped, 1 error" in again
