"""Reads the conditional headers of a request (RFC 9110, section 13) where the entity tag is the version of
what is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec import UNSET

from ...core.model import Refused
from ...core.preconditions import MOST, Seen, check

IF_MATCH, IF_NONE_MATCH = b"if-match", b"if-none-match"
IF_MODIFIED, IF_UNMODIFIED = b"if-modified-since", b"if-unmodified-since"
_TAG = re.compile(rb'[ \t,]*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*(?=,|$)')
_VERSION = re.compile(rb"[1-9][0-9]{0,17}")
ANY = b"*"


def tag(version: int) -> bytes:
    """The `ETag` of this version."""
    return b'"%d"' % version


def refuse_unknown(headers: Mapping[bytes, bytes], known: Iterable[bytes]) -> None:
    """What an operation does not understand must not be ignored. Errors: Refused 400."""
    for name in (IF_MATCH, IF_NONE_MATCH, IF_MODIFIED, IF_UNMODIFIED):
        if name in headers and name not in known:
            raise _invalid(f"This operation knows no {name.decode().title()}.")


def seen(headers: Mapping[bytes, bytes]) -> Seen:
    """The versions of `If-Match`; a tag that is no version of ours, or a weak one, matches none. Errors:
    Refused 400.
    """
    value = headers.get(IF_MATCH)
    if value is None or value == ANY:
        return UNSET
    return tuple([version for weak, version in _tags(value) if version and not weak])


def require(headers: Mapping[bytes, bytes], version: int) -> None:
    """For a read. Errors: Refused 412, where `If-Match` has another version; 400."""
    if IF_MATCH in headers:
        check(seen(headers), version)


def unchanged(headers: Mapping[bytes, bytes], version: int) -> bool:
    """Whether `If-None-Match` has this version, also as a weak tag. Errors: Refused 400."""
    value = headers.get(IF_NONE_MATCH)
    if value is None:
        return False
    return value == ANY or any([version == one for _, one in _tags(value)])


def _tags(value: bytes) -> list[tuple[bool, int]]:
    """Whether it is weak, and the version; 0 for a tag that is none."""
    found: list[tuple[bool, int]] = []
    at = 0
    while value[at:].strip(b" \t,"):
        match = _TAG.match(value, at)
        if match is None or len(found) >= MOST:
            raise _invalid('A condition is "*" or a list of entity tags such as "3".')
        found.append((match[1] is not None, int(match[2]) if _VERSION.fullmatch(match[2]) else 0))
        at = match.end()
    if not found:
        raise _invalid('A condition is "*" or a list of entity tags such as "3".')
    return found


def _invalid(says: str) -> Refused:
    return Refused("invalid_precondition", 400, says)
