"""Writes requirements.lock from pyproject.toml: every package of runtime and development pinned, with hashes.

One file serves Linux on Python 3.11 to 3.13. Pins that still fit are kept; `--upgrade` looks for newer ones.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def uv(folder: str) -> str:
    """The uv of this machine, or one in a folder that is thrown away."""
    found = shutil.which("uv")
    if found is None:
        venv.create(folder, with_pip=True)
        subprocess.run([f"{folder}/bin/pip", "install", "--quiet", "uv"], check=True)
        found = f"{folder}/bin/uv"
    return found


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        command = [
            uv(folder),
            "pip",
            "compile",
            "pyproject.toml",
            "--output-file",
            "requirements.lock",
            "--quiet",
        ]
        command += ["--universal", "--python-version", "3.11", "--all-extras", "--generate-hashes"]
        command += [
            "--custom-compile-command",
            "./dev lock",
            "--no-emit-index-url",
            "--no-emit-find-links",
            *sys.argv[1:],
        ]
        return subprocess.run(command, cwd=ROOT, env={**os.environ, "UV_NO_PROGRESS": "1"}).returncode


if __name__ == "__main__":
    sys.exit(main())
