"""Builds another version of Tradewind, so that two versions can be measured in one run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.paths import CACHE, ROOT, relative
from benchmarks.processes import Failed


def built(commit: str) -> Path:
    """The `tradewind` of a commit, in a folder and an environment of its own in .bench/versions. Errors:
    Failed for a commit that is not here, or cannot be installed.
    """
    sha = _run("git", "rev-parse", "--verify", "--short=12", f"{commit}^{{commit}}").strip()
    tree = CACHE / "versions" / sha
    if not tree.exists():
        print(f"benchmarks: building {sha}", file=sys.stderr, flush=True)
        packed, unpacked = tree.with_suffix(".tar"), tree.with_suffix(".new")
        shutil.rmtree(unpacked, ignore_errors=True)
        unpacked.mkdir(parents=True)
        _run("git", "archive", f"--output={packed}", sha)
        shutil.unpack_archive(packed, unpacked)
        packed.unlink()
        unpacked.rename(tree)  # whole, or not there
    _run(str(tree / "dev"), "run", "true")
    return tree / ".venv" / "bin" / "tradewind"


def _run(*argv: str) -> str:
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{relative(' '.join(argv))}: {relative(done.stderr.strip()[-600:])}")
    return done.stdout
