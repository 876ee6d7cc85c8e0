"""Makes every log line of a process one shape, ours and the libraries' alike: JSON for machines, colour for
people. With the standard library alone, because each process of a blueprint pays for what it imports.

Modules log with `logging.getLogger(…)`. Facts that a program reads go into `extra={"fields": {…}}`.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from .access import AccessLog
from .sink import Sink, Stamps, plain

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


# -- secrets: sooner or later a whole request is logged

REDACTED = "[redacted]"
DEEPEST = 8

# in any part of a key, with case, `_` and `-` left out
_PARTS = re.compile(
    r"password|passwd|passphrase|secret|token|authorization|cookie|apikey|privatekey|credential|jwt|cardnumber"
)
# whole words of a key: inside other words these mean nothing (discard, span)
_WORDS = frozenset({"card", "pan", "cvc", "cvv", "iban", "pwd"})
_SPLIT = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")

_VALUE = re.compile(
    r"(?P<jwt>\beyJ[\w-]{5,}\.[\w-]{2,}(?:\.[\w-]*)?)"
    r"|(?P<bearer>\b(?:bearer|basic)\s+)[\w.~+/=-]{6,}"
    r"|(?P<tok>\b(?:tok|sk|pk|pm|whsec)_\w{2,})"
    r"|(?P<url>://[^\s:/@]*:)[^\s/@]+(?=@)"
    r"|(?P<pair>\b(?:[\w-]*(?:password|passwd|secret|token|api[_-]?key)|authorization|cookie)[\"']?\s*[=:]\s*[\"']?)(?!\[redacted)[^\s\"',;&)}\]]+"
    # not inside a word, a UUID or a longer number
    r"|(?<![\w.-])(?P<pan>\d(?:[ -]?\d){12,18})(?![\w-])",
    re.IGNORECASE,
)


def secret_key(key: str) -> bool:
    """Whether the value of this key is never shown."""
    if _PARTS.search(re.sub(r"[_\s-]", "", key).lower()):
        return True
    return not _WORDS.isdisjoint(word.lower() for word in _SPLIT.split(key))


def text(value: str) -> str:
    """The text, with what looks like a token, a password or a card number masked."""
    return _VALUE.sub(_mask, value)


def _mask(found: re.Match[str]) -> str:
    if (pan := found["pan"]) is not None:
        digits = [int(c) for c in pan if c.isdigit()]
        # 13 and 14 digits are more often a time in milliseconds, so those must check out as a card
        return REDACTED if len(digits) > 14 or _luhn(digits) else pan
    return (found["bearer"] or found["url"] or found["pair"] or "") + REDACTED


def _luhn(digits: list[int]) -> bool:
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def value(item: Any, depth: int = 0) -> Any:
    """The value with every secret in it masked; deeper nesting than the bound is left out."""
    if isinstance(item, str):
        return text(item)
    if isinstance(item, bool | float | None):
        return item
    if isinstance(item, int):
        return REDACTED if 10**14 <= item < 10**19 and _luhn([int(c) for c in str(item)]) else item
    if depth >= DEEPEST:
        return "…"
    if isinstance(item, dict):
        return {
            str(key): REDACTED if secret_key(str(key)) else value(inner, depth + 1)
            for key, inner in item.items()
        }
    if isinstance(item, list | tuple | set | frozenset):
        return [value(inner, depth + 1) for inner in item]
    return text(_shown(item, repr))


def _shown(item: Any, how: Callable[[Any], str]) -> str:
    try:
        return how(item)
    except Exception:  # whatever a `__repr__` does, the line is written
        return f"<{type(item).__name__}>"


def redact(fields: Mapping[str, Any]) -> dict[str, Any]:
    """These fields of a line, without what must not be read."""
    return {key: REDACTED if secret_key(key) else value(item) for key, item in fields.items()}
