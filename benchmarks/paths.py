"""Names the folders in one place, so that no result and no log carries the path of a machine."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "benchmarks"
RESULTS = HERE / "results"
CACHE = ROOT / ".bench"
PARTIAL = CACHE / "results"
BIN = Path(sys.executable).parent


def relative(text: str) -> str:
    """The text as one would type it at the root of the repository."""
    for folder in (ROOT, BIN):
        text = text.replace(f"{folder}/", "").replace(str(folder), ".")
    return text.replace(str(Path.home()), "~")
