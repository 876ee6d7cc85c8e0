"""Runs a command as on a machine that has Python, git and the tools of every system alone.

No server and no Node.js: what is found on the PATH are links to the programs that a test may need. Servers,
which lie apart from the PATH on Debian, are hidden by TRADEWIND_HIDE_SERVERS.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAMS = (
    "bash",
    "cat",
    "chmod",
    "cp",
    "dirname",
    "env",
    "git",
    "grep",
    "ln",
    "ls",
    "mkdir",
    "mv",
    "ps",
    "pwd",
)
MORE = ("python3", "rm", "sed", "sh", "sleep", "sort", "test", "touch", "tr", "true", "uname")
KEPT = ("CI", "HOME", "LANG", "TERM", "TMPDIR", "TESTS_PASSED_TO", "USER")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="tradewind-bare-") as folder:
        for name in (*PROGRAMS, *MORE):
            if found := shutil.which(name):
                (Path(folder) / name).symlink_to(Path(found).resolve())
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        env = {**kept, "PATH": folder, "TRADEWIND_HIDE_SERVERS": "1"}
        return subprocess.run(sys.argv[1:], env=env).returncode


if __name__ == "__main__":
    sys.exit(main())
