"""Reads one value from a text. Apart from the settings so that their table stays a table.

A reader raises ValueError with what the text should have been, to be put after "… is not".
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias, TypeVar

from .texts import all_seen, folded

T = TypeVar("T")
Reader: TypeAlias = Callable[[str], T]

_URL = re.compile(r"^(?P<scheme>[a-z][a-z0-9+]*)://(?:(?P<user>[^:@/\s]*)(?::[^@/\s]*)?@)?(?P<rest>[^@\s]*)$")
_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::(?!80$|443$)[1-9][0-9]{0,4})?|null")
_FAILPOINT = re.compile(r"^[a-z0-9._-]+:[1-9][0-9]*:(kill|error|pause)$")


def word(text: str) -> str:
    if not text or any(c.isspace() for c in text):
        raise ValueError("a word without spaces")
    return text


def folder(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError("a folder")
    return Path(text).expanduser()


def whole(low: int, high: int) -> Reader[int]:
    def read(text: str) -> int:
        # `int` would take "1_000", " 7" and other scripts' digits too
        if not re.fullmatch(r"-?[0-9]{1,18}", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return read


def number(low: float, high: float) -> Reader[float]:
    def read(text: str) -> float:
        value = float(text) if re.fullmatch(r"[0-9]{0,12}\.?[0-9]{1,12}", text) else math.nan
        if not low <= value <= high:
            raise ValueError(f"a number from {low:g} to {high:g}")
        return value

    return read


def level(text: str) -> str:
    """A log level, by our words or those of others."""
    known = {"trace": "debug", "warn": "warning", "fatal": "error"}
    return one_of("debug", "info", "warning", "error")(known.get(text.lower(), text))


def one_of(*words: str) -> Reader[str]:
    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text.lower()

    return read


def delays(text: str) -> tuple[int, ...]:
    try:
        found = tuple(whole(1, 86_400_000)(part.strip()) for part in text.split(","))
    except ValueError:
        found = ()
    if not 1 <= len(found) <= 20:
        raise ValueError("1 to 20 whole numbers of milliseconds with commas between, like 1000,5000")
    return found


def email(text: str) -> str:
    form = r"[^@\s]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+"
    if not re.fullmatch(form, folded(text)) or not all_seen(text):
        raise ValueError("an e-mail address")
    return text


def password(text: str) -> str:
    if not 8 <= len(text) <= 256:
        raise ValueError("8 to 256 characters long")
    return text


def key(text: str) -> str:
    if len(text.encode()) < 32:
        raise ValueError("at least 32 bytes long (HS256)")
    return text


def database(text: str) -> str:
    url = _URL.match(text)
    if text and (url is None or url["scheme"] not in ("postgresql", "postgres", "mysql", "mariadb")):
        raise ValueError(
            "a URL like postgresql://user:password@host:5432/name or mysql://user:password@host:3306/name; "
            "leave it empty for SQLite"
        )
    return text.replace("postgres://", "postgresql://", 1)


def documents(text: str) -> bool:
    """Whether a URL names a store of documents."""
    return text.startswith(("mongodb://", "mongodb+srv://"))


def store(text: str) -> str:
    """Of one service, which may have a store of documents."""
    return text if documents(text) else database(text)


def broker(text: str) -> str:
    url = _URL.match(text)
    if text and (url is None or url["scheme"] not in ("amqp", "amqps") or not url["rest"].partition("/")[0]):
        raise ValueError("a URL like amqp://user:password@host:5672/vhost; amqps:// with TLS")
    return text


def redis(text: str) -> str:
    url = _URL.match(text)
    if text and (
        url is None or url["scheme"] not in ("redis", "rediss") or not url["rest"].partition("/")[0]
    ):
        raise ValueError("a URL like redis://:password@host:6379/0; rediss:// with TLS")
    return text


def http(text: str) -> str:
    url = _URL.match(text)
    if text and (url is None or url["scheme"] not in ("http", "https") or not url["rest"].partition("/")[0]):
        raise ValueError("a URL like http://localhost:4318/v1/traces")
    return text


def queue(text: str) -> str:
    if (
        not 1 <= len(text.encode()) <= 255
        or text.startswith("amq.")
        or any(c.isspace() or not c.isprintable() for c in text)
    ):
        raise ValueError("a queue's name: 1 to 255 bytes without spaces, not amq.…")
    return text


def origins(text: str) -> tuple[str, ...]:
    """Of pages, as a browser names them: lower case, no path, no port that goes without saying."""
    if text in ("", "*"):
        return (text,) if text else ()
    found = tuple([part.strip() for part in text.split(",")])
    if not all([_ORIGIN.fullmatch(one) for one in found]):
        raise ValueError(
            "*, or origins with commas between, like https://pages.example,http://localhost:3000"
        )
    return found


def networks(text: str) -> tuple[str, ...]:
    found = tuple([part.strip() for part in text.split(",")]) if text else ()
    try:
        return tuple([str(ipaddress.ip_network(one)) for one in found])
    except ValueError:
        raise ValueError(
            "addresses or networks with commas between, like 10.0.0.0/8,192.0.2.7 (no host bits in a network)"
        ) from None


def matching(pattern: str, says: str) -> Reader[str]:
    """`says` is what the text should have been."""

    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(says)
        return text

    return read


def without_password(text: str) -> str:
    """What may be shown of a URL."""
    url = _URL.match(text)
    if url is None:
        return text if "@" not in text else "********"
    shown = f"{url['scheme']}://{url['user']}:********@{url['rest']}" if url["user"] is not None else text
    return re.sub(r"(?i)(password=)[^&]*", r"\1********", shown)


def failpoints(text: str) -> str:
    if not all(_FAILPOINT.match(part) for part in text.split(",")):
        raise ValueError("name:nth:action, with nth from 1 and an action of kill, error or pause")
    return text


def text(text: str) -> str:
    return text


def hosts(text: str) -> str:
    if text and not re.fullmatch(r"[^\s:,/]+:[0-9]{1,5}(,[^\s:,/]+:[0-9]{1,5})*", text):
        raise ValueError("hosts with their ports, like localhost:9092,other:9092")
    return text
