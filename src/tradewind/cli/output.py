"""Ends a command whose standard output is full, closed or read no further with one line and an exit code that
is not 0, because what it prints is what it is for.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

STDIN, STDOUT, STDERR = 0, 1, 2
LEFT = 141
"""Of a program that was ended by SIGPIPE, as a shell tells it."""


class OutputLost(Exception):
    """Not an OSError: nobody on the way may take it for trouble with a file or a server."""

    def __init__(self, why: OSError) -> None:
        super().__init__(f"standard output cannot be written: {why.strerror}")
        self.read_no_further = isinstance(why, BrokenPipeError)


class _Output(io.FileIO):
    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OutputLost(error) from error


@contextmanager
def kept() -> Iterator[None]:
    """What is printed inside is written at the end, or the program ends with one line on stderr. Where the
    reader has gone (`tradewind config | head -1`) it ends as `cat` would: no text, exit code 141.
    """
    _open_the_missing()
    try:
        if not _is_open(STDOUT):
            os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)  # no file of ours may get its number
            _end("standard output is closed: send it to a file, or to /dev/null")
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(_Output(STDOUT, "wb", closefd=False)),
            encoding=sys.stdout.encoding,
            errors=sys.stdout.errors,
            line_buffering=os.isatty(STDOUT),
        )
        try:
            yield
        finally:
            sys.stdout.flush()
    except OutputLost as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)  # what is left of it
        if error.read_no_further:
            raise SystemExit(LEFT) from None
        _end(str(error))


def _open_the_missing() -> None:
    """A file of ours with the number of a closed stdin or stderr would be read or written by mistake."""
    for number, flags in ((STDIN, os.O_RDONLY), (STDERR, os.O_WRONLY)):
        if not _is_open(number):
            found = os.open(os.devnull, flags)
            if found != number:
                os.dup2(found, number)
                os.close(found)
    if sys.stderr is None:
        sys.stderr = open(STDERR, "w", closefd=False)  # noqa: SIM115  for the whole program


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _end(why: str) -> None:
    print(f"tradewind: {why}", file=sys.stderr)
    raise SystemExit(1) from None
