"""Makes the files of databases for their owner alone, because they hold what customers have said."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def make_private(path: Path | str) -> None:
    """Makes the file where there is none; SQLite gives the files beside it the same mode. What cannot be
    made, SQLite explains. One that exists is not opened: to close it would give up SQLite's locks on it.
    """
    if str(path) != ":memory:":
        with suppress(OSError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
