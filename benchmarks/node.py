"""Builds the peers that are written for Node.js, from their sources in peers/: once for these sources, in
`.bench/`.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from benchmarks.paths import CACHE, HERE, relative
from benchmarks.processes import Failed, Missing, commands, need

PEERS = HERE / "peers"
MADE = {"node_modules", "dist"}  # what somebody may have installed there


def install(name: str) -> Path:
    """`npm ci` and, where it is TypeScript, `tsc`; gives the folder that holds what can be run. Errors:
    Missing, Failed.
    """
    npm, sources, program = need("npm", "npm"), PEERS / name, CACHE / "peers" / name
    files = sorted(
        path
        for path in sources.rglob("*")
        if path.is_file() and not MADE.intersection(path.relative_to(sources).parts)
    )
    stamp = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    if (program / "stamp").exists() and (program / "stamp").read_text() == stamp:
        return program
    shutil.rmtree(program, ignore_errors=True)
    shutil.copytree(sources, program, ignore=shutil.ignore_patterns(*MADE))
    steps = [[npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]]
    if (installed := sources / "node_modules").exists():  # the tests have done it
        (program / "node_modules").symlink_to(installed)
        steps.clear()
    if (sources / "tsconfig.json").exists():
        steps.append([str(program / "node_modules" / ".bin" / "tsc")])
    for argv in steps:
        commands.append(relative(" ".join(argv)))
        done = subprocess.run(argv, cwd=program, capture_output=True, text=True, check=False)
        if done.returncode:
            text = relative((done.stdout + done.stderr)[-600:])
            raise Missing(f"npm could not install it: {text}") if "ci" in argv else Failed(f"tsc: {text}")
    (program / "stamp").write_text(stamp)
    return program
