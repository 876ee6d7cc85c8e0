"""Makes .venv what requirements.lock says, so that every machine tests the same bytes.

A stamp in .venv remembers the lock file and the folder it was made for; while it fits, a call costs
milliseconds. The work is done under a file lock: two first calls at once give one environment, and the second
waits for it.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / ".made-from"
BASE: str = getattr(
    sys, "_base_executable", sys.executable
)  # not .venv's own python, where that one is active


class Unmade(Exception):
    """The environment cannot be made; the text says what to do."""


def wanted() -> str:
    return f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()} {ROOT}\n"


def fits() -> bool:
    return STAMP.is_file() and STAMP.read_text() == wanted() and python_works()


def python_works() -> bool:
    """False also for a link to an interpreter that has been removed."""
    return (VENV / "bin" / "python").exists()


def moved() -> bool:
    """The scripts of a venv name its folder: one that was copied along with the checkout must be made
    anew.
    """
    return STAMP.is_file() and STAMP.read_text().partition(" ")[2] != f"{ROOT}\n"


def run(*command: str | Path) -> None:
    done = subprocess.run([*command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.stderr.write(done.stdout)
        raise Unmade("that failed, with the output above. No environment yet; the next ./dev tries again.")


def make() -> None:
    uv = shutil.which("uv")
    fresh = moved() or not python_works()
    STAMP.unlink(
        missing_ok=True
    )  # until it is written again, a killed run leaves an environment that is known to be unfinished
    if fresh:
        say("making the environment (once, about a minute) ...")
        if uv:
            run(uv, "venv", "--quiet", "--clear", "--python", BASE, VENV)
        elif any(importlib.util.find_spec(name) is None for name in ("venv", "ensurepip")):
            raise Unmade(
                "this Python has no venv module. Install it (apt-get install python3-venv), or install uv."
            )
        else:
            run(BASE, "-m", "venv", "--clear", VENV)
    else:
        say("bringing the environment up to date with requirements.lock ...")
    say("installing from requirements.lock ...")
    python = VENV / "bin" / "python"
    if uv:
        run(uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", LOCK)
        run(
            uv,
            "pip",
            "install",
            "--quiet",
            "--python",
            python,
            "--no-deps",
            "--no-build-isolation",
            "--editable",
            ROOT,
        )
    else:
        pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run(*pip, "--require-hashes", "--requirement", LOCK)
        run(*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT)
    STAMP.write_text(wanted())
    say("the environment is ready")


def say(text: str) -> None:
    print(f"dev: {text}", file=sys.stderr, flush=True)


def main() -> int:
    if fits():
        return 0
    guard = os.open(ROOT, os.O_RDONLY)  # the folder itself is the lock; it falls with this process
    fcntl.flock(guard, fcntl.LOCK_EX)
    try:
        if not fits():
            make()
    except Unmade as reason:
        say(str(reason))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
