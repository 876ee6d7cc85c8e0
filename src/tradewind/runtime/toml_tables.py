"""Reads values of a blueprint's TOML, so that every error names in one line the file and the key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_VARIABLE = re.compile(
    rf"\$(?:\$|\{{({_NAME}(?:\|{_NAME})*)(@port|@quoted)?(?::\+([^}}:]*))?(?:(:?)-([^}}]*))?\}})"
)


class BadBlueprint(Exception):
    """One line for the person who wrote it: which file and place, what is wrong, what there is instead."""


def instead(wrong: str, known: Iterable[str]) -> str:
    """What may have been meant."""
    names = list(known)
    near = get_close_matches(wrong, names, 1, 0.6)
    return f"did you mean {near[0]!r}?" if near else f"there is {', '.join(names) or 'none'}"


class Tables:
    """One file: all that a complaint needs to say where it is. Errors of every method: BadBlueprint."""

    def __init__(self, file: str, environment: Mapping[str, str]) -> None:
        self.file, self.environment = file, environment

    def bad(self, place: str, what: str) -> BadBlueprint:
        return BadBlueprint(f"{self.file}: {place}: {what}")

    def table(self, tree: dict[str, Any], key: str) -> dict[str, Any]:
        table = tree.get(key, {})
        if not isinstance(table, dict):
            raise self.bad(key, "must be a table")
        return table

    def only(self, table: dict[str, Any], place: str, keys: tuple[str, ...]) -> None:
        for key in table:
            if key not in keys:
                raise self.bad(place, f"unknown key {key!r}; {instead(key, keys)}")

    def setting(self, place: str, value: Any) -> str:
        """A setting's text; a list of texts becomes one with commas."""
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return ",".join(self.fill(place, item) for item in value)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.bad(place, "must be a text, a number or a list of texts")
        return self.fill(place, value) if isinstance(value, str) else str(value)

    def names(self, place: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise self.bad(place, 'must be a list of names, like ["orders", "payments"]')
        return tuple(self.fill(place, name) for name in value)

    def whole(self, place: str, value: Any, low: int, high: int) -> int:
        """A number, or a text with one in it, as a variable brings it."""
        text = self.fill(place, value) if isinstance(value, str) else str(value)
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise self.bad(place, f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    def one_of(self, tree: dict[str, Any], key: str, words: tuple[str, ...], *, place: str) -> str:
        """One of `words`; the first is the default."""
        value = tree.get(key, words[0])
        text = self.fill(place, value) if isinstance(value, str) else str(value)
        if text not in words:
            raise self.bad(place, f"unknown {key} {text!r}; {instead(text, words)}")
        return text

    def fill(self, place: str, text: str) -> str:
        """Puts `${VAR:-default}` in; `$$` is a dollar. `${A|B:-default}`: the first of them that is set;
        `${VAR@port:-default}`: the port of the URL in it; `${VAR@quoted:-default}`: as a part of a URL;
        `${VAR:+word:-default}`: the word where it is set. A variable that is empty is not set, but for
        `${VAR-default}`.
        """

        def one(found: re.Match[str]) -> str:
            if found[0] == "$$":
                return "$"
            names, form, word, colon, default = found.groups()
            value = next(filter(None, map(self.environment.get, names.split("|"))), None)
            if colon == "" and value is None and any([name in self.environment for name in names.split("|")]):
                return ""
            if value is None:
                if default is None and word is None:
                    raise self.bad(
                        place, f"needs the variable {names}; set it, or write ${{{names}:-default}}"
                    )
                return default or ""
            if word is not None:
                return str(word)
            if form == "@port":
                return self._port_of(place, names, value)
            return quote(value, safe="") if form == "@quoted" else value

        return _VARIABLE.sub(one, text)

    def _port_of(self, place: str, names: str, url: str) -> str:
        try:
            parts = urlsplit(url)
            found = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
        except ValueError:
            found = None
        if found is None:
            raise self.bad(place, f"{names}={url!r} is no URL with a port; write http://HOST:PORT")
        return str(found)


class Address(msgspec.Struct, frozen=True):
    """Where an API is served. What it lacks is left to the settings; port 0 is any that
    is free."""

    scheme: str
    host: str = ""
    port: int | None = None


def address(tables: Tables, place: str, url: Any) -> Address:
    """`http://HOST:PORT`; host and port may be missing. Errors: BadBlueprint."""
    text = tables.setting(place, url)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise tables.bad(place, f"the port of {text!r} is not a whole number from 0 to 65535") from None
    if not parts.scheme or "://" not in text or parts.path.strip("/") or parts.query or parts.username:
        raise tables.bad(place, f"{text!r} is no address; write http://HOST:PORT")
    return Address(parts.scheme, host, port)


def database_url(tables: Tables, parts: dict[str, Any], place: str = "stores") -> str:
    """The parts of [stores] as a URL: a password may hold any character here. A host that begins with a
    slash is a socket's folder.
    """
    host, name, user, password = (
        tables.setting(f"{place}.{key}", parts.get(key, "")) for key in ("host", "name", "user", "password")
    )
    port = tables.whole(f"{place}.port", parts.get("port", 5432), 1, 65_535)
    for key, text in (("host", host), ("name", name)):
        if not text or any(c.isspace() or not c.isprintable() for c in text):
            raise tables.bad(f"{place}.{key}", "must be a word without spaces")
    who = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    at = f"{who}@" if who else ""
    if host.startswith("/"):
        return f"postgresql://{at}/{quote(name, safe='')}?host={quote(host, safe='')}&port={port}"
    shown = f"[{host}]" if ":" in host else quote(host, safe="")
    return f"postgresql://{at}{shown}:{port}/{quote(name, safe='')}"


def redis_url(tables: Tables, parts: dict[str, Any]) -> str:
    """[redis] as a URL: a password may hold any character here. Empty: no password."""
    tables.only(parts, "redis", ("host", "port", "password"))
    host, password = (tables.setting(f"redis.{key}", parts.get(key, "")) for key in ("host", "password"))
    port = tables.whole("redis.port", parts.get("port", 6379), 1, 65_535)
    if not host or any([c.isspace() or not c.isprintable() for c in host]):
        raise tables.bad("redis.host", "must be a word without spaces")
    shown = f"[{host}]" if ":" in host else quote(host, safe="")
    return f"redis://:{quote(password, safe='')}@{shown}:{port}" if password else f"redis://{shown}:{port}"
