"""Makes every log line of a process one shape, ours and the libraries' alike: JSON for machines, colour for
people. With the standard library alone, because each process of a blueprint pays for what it imports.

Modules log with `logging.getLogger(…)`. Facts that a program reads go into `extra={"fields": {…}}`.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import msgspec

from .access import AccessLog
from .redaction import redact, text
from .sink import Sink
from .stamps import Stamps, plain

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
LOUD = ("asyncio", "urllib3", "alembic", "sqlalchemy")
"""Libraries that log at "info" what is of interest at "debug"."""
COLOURS = {"debug": 2, "info": 32, "warning": 33, "error": 31, "critical": 31}


class LineHandler(logging.Handler):
    """Writes a record as a line: ts, level, event, logger, process (where there are several), the fields of
    `extra`, exception.
    """

    def __init__(self, sink: Sink, format: str, process: str) -> None:
        super().__init__()
        self._sink, self._console, self._process, self._stamps = sink, format == "console", process, Stamps()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line: dict[str, Any] = {
                "ts": self._stamps.now(),
                "level": record.levelname.lower(),
                "event": text(record.getMessage()),
                "logger": record.name,
            }
            if self._process:
                line["process"] = self._process
            if fields := getattr(record, "fields", None):
                line |= redact(fields)
            if record.exc_info and record.exc_info[0] is not None:
                line["exception"] = text("".join(traceback.format_exception(*record.exc_info)))
            self._sink.write(_console(line) if self._console else _json(line))
        except Exception:  # what logs never stops what works
            self._sink.write(b'{"level":"error","event":"a log line could not be written","logger":"logs"}\n')


def set_up(
    level: str = "info", format: str = "json", process: str = "", *, fd: int | None = None
) -> AccessLog:
    """Configures logging for the whole process, and gives the access log that shares its stderr. May be
    called again. `process`: its name, where a blueprint has several.
    """
    sink, least = Sink(_stderr() if fd is None else fd), LEVELS[level]
    root = logging.getLogger()
    root.handlers[:] = [LineHandler(sink, format, process)]
    root.setLevel(least)
    for name in LOUD:
        logging.getLogger(name).setLevel(max(least, logging.WARNING if level != "debug" else logging.INFO))
    logging.captureWarnings(True)
    return AccessLog(sink, format, least)


def _stderr() -> int:
    try:
        return sys.stderr.fileno()
    except (OSError, ValueError, AttributeError):  # a test's, or none
        return 2


def _json(line: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(line) + b"\n"
    except UnicodeError:
        return msgspec.json.encode({plain(key): plain(str(item)) for key, item in line.items()}) + b"\n"


def _console(line: dict[str, Any]) -> bytes:
    more = "".join(
        f" {key}={item}"
        for key, item in line.items()
        if key not in ("ts", "level", "event", "logger", "process", "exception")
    )
    shown = (
        f"\x1b[2m{line['ts'][11:23]}\x1b[0m \x1b[{COLOURS.get(line['level'], 0)}m{line['level']:<8}\x1b[0m "
        f"{line['event']}{more} \x1b[2m({line['logger']})\x1b[0m\n{line.get('exception', '')}"
    )
    return shown.encode("utf-8", "backslashreplace")
