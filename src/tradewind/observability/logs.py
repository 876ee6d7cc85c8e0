"""Makes every log line of the process one shape: JSON for machines, colour for people; ours and the
libraries' alike.

Modules log with `logging.getLogger(__name__)` or, where fields matter, `logs.get(__name__)`. What belongs to
the request in hand (`request_id`, `trace_id`) is bound with `logs.bound(…)` and stands on every line
meanwhile.
"""

from __future__ import annotations

import logging
import sys
from contextlib import AbstractContextManager
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, Processor

from .access import AccessLog
from .redaction import redact
from .sink import Sink
from .stamps import Stamps, plain

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
FIRST = ("ts", "level", "event", "logger", "request_id", "trace_id")
# libraries that tell at "info" what is of interest at "debug"
LOUD = ("asyncio", "urllib3", "alembic", "sqlalchemy")


class _Handler(logging.Handler):
    """Hands finished lines to the sink."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self.sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.sink.write(self.format(record).encode("utf-8", "backslashreplace") + b"\n")
        except Exception:  # what logs never stops what works
            self.sink.write(b'{"level":"error","event":"a log line could not be written","logger":"logs"}\n')


def set_up(level: str = "info", format: str = "json", fd: int | None = None) -> AccessLog:
    """Configures logging for the whole process, and gives the access log that shares its stderr. May be
    called again.
    """
    sink = Sink(_stderr() if fd is None else fd)
    stamps = Stamps()

    def stamp(logger: Any, method: str, event: EventDict) -> EventDict:
        event["ts"] = stamps.now()
        return event

    # for lines of both origins, before they are rendered
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        stamp,
        structlog.processors.StackInfoRenderer(),
    ]
    last: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact,
        _json if format == "json" else structlog.dev.ConsoleRenderer(timestamp_key="ts", colors=True),
    ]
    handler = _Handler(sink)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(LEVELS[level])
    for name in LOUD:
        logging.getLogger(name).setLevel(
            max(LEVELS[level], logging.WARNING if level != "debug" else logging.INFO)
        )
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    return AccessLog(sink, format, LEVELS[level])


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose calls take fields: `log.warning("parked", message=id, attempts=4)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def bound(**fields: str) -> AbstractContextManager[Any]:
    """Puts these fields on every line that is written inside."""
    return structlog.contextvars.bound_contextvars(**fields)


def _stderr() -> int:
    try:
        return sys.stderr.fileno()
    except (OSError, ValueError, AttributeError):  # a test's, or none
        return 2


def _json(logger: Any, method: str, event: EventDict) -> str:
    line = {key: event[key] for key in FIRST if key in event} | dict(event)
    try:
        return msgspec.json.encode(line, enc_hook=repr).decode()
    except (UnicodeError, TypeError, ValueError, OverflowError, msgspec.MsgspecError):
        return msgspec.json.encode({plain(key): plain(str(item)) for key, item in line.items()}).decode()
