"""Computes the path that is matched and the path that goes upstream, so that two spellings of one path take
one route.

A path is handled as text of one character per byte (latin-1).
"""

from __future__ import annotations

import re

RESERVED = frozenset(b"!*'();:@&=+$,/?%#[]")
_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")
_UNSAFE = re.compile(r"[^!#$&'()*+,/:;=?@\[\]A-Za-z0-9\-_.~%]")


class BadPath(ValueError):
    """It has a % that escapes nothing, or a NUL."""


def normal(path: str) -> str:
    """Escapes decoded but those of reserved characters, `.` and `..` resolved, `//` as `/`. Errors:
    BadPath.
    """
    if "%" in path:
        if _BROKEN.search(path):
            raise BadPath(path)
        path = _ESCAPED.sub(_decoded, path)
    if "//" in path:
        path = re.sub("/{2,}", "/", path)
    return _without_dots(path) if "/." in path else path


def _decoded(found: re.Match[str]) -> str:
    byte = int(found[1], 16)
    return found[0].upper() if byte in RESERVED else chr(byte)


def _without_dots(path: str) -> str:
    kept: list[str] = []
    *inner, last = path.split("/")[1:]
    for segment in [*inner, last]:
        if segment == "..":
            if kept:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if last in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def escaped(path: str) -> str:
    """As it may stand in a request line."""
    return _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", path)


def upstream(base: str, path: str, rest: str | None) -> str:
    """The path at the service, whose own path is `base`. `rest` is what follows the matched part of `path`
    where that is stripped, else None.
    """
    stem = base.removesuffix("/")
    if rest is None:
        return (base or "/") if path == "/" else stem + path
    if rest:
        return stem + rest if rest.startswith("/") else f"{stem}/{rest}"
    return stem + "/" if not stem or (len(path) > 1 and path.endswith("/")) else stem
