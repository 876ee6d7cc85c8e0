"""Logs one process that runs apart, with the standard library alone: structlog would cost each of them five
megabytes.
"""

from __future__ import annotations

import logging
import sys
import traceback

import msgspec

from ...observability import redaction
from ...observability.access import AccessLog
from ...observability.sink import Sink
from ...observability.stamps import Stamps, plain

LOUD = ("asyncio",)


class _Lines(logging.Handler):
    """The same fields as everywhere, and which process it is: ts, level, event, logger, process,
    exception.
    """

    def __init__(self, sink: Sink, format: str, process: str) -> None:
        super().__init__()
        self._sink, self._console, self._process, self._stamps = sink, format == "console", process, Stamps()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = {
                "ts": self._stamps.now(),
                "level": record.levelname.lower(),
                "event": redaction.text(record.getMessage()),
                "logger": record.name,
                "process": self._process,
            }
            if record.exc_info and record.exc_info[0] is not None:
                line["exception"] = redaction.text("".join(traceback.format_exception(*record.exc_info)))
            self._sink.write(self._text(line))
        except Exception:
            self._sink.write(b'{"level":"error","event":"a log line could not be written","logger":"log"}\n')

    def _text(self, line: dict[str, str]) -> bytes:
        if self._console:
            text = (
                f"{line['ts'][11:23]} {line['level']:<8} {line['event']} "
                f"({line['logger']})\n{line.get('exception', '')}"
            )
            return text.encode(errors="replace")
        try:
            return msgspec.json.encode(line) + b"\n"
        except UnicodeError:
            return msgspec.json.encode({key: plain(value) for key, value in line.items()}) + b"\n"


def set_up(level: str, format: str, process: str) -> AccessLog:
    """For the whole of this process; the access log shares its stderr."""
    try:
        fd = sys.stderr.fileno()
    except (OSError, ValueError, AttributeError):
        fd = 2
    sink, least = Sink(fd), logging.getLevelName(level.upper())
    root = logging.getLogger()
    root.handlers[:] = [_Lines(sink, format, process)]
    root.setLevel(least)
    for name in LOUD:
        logging.getLogger(name).setLevel(max(least, logging.WARNING))
    logging.captureWarnings(True)
    return AccessLog(sink, format, least)
