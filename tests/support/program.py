"""Runs the command line as a user does: as a program of its own, with no setting but those that are given."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PROGRAM = (sys.executable, "-m", "tradewind")


def environment(**settings: str) -> dict[str, str]:
    """Ours without any setting of the person who runs the tests, and these."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("TRADEWIND_")}
    return {**kept, **{f"TRADEWIND_{name.upper()}": text for name, text in settings.items()}}


def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return run_in(environment(**settings), *words)


def run_in(variables: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """The same, with variables of a published page."""
    given = {**environment(), **variables}
    return subprocess.run([*PROGRAM, *words], env=given, capture_output=True, text=True, timeout=180)


def up(data: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A start that is expected to be refused."""
    return run("up", "--data", str(data), "--port", "0", *words, **settings)
