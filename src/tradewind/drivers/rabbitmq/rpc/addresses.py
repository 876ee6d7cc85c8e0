"""Tells a direct reply-to address from a forged one: RabbitMQ closes the whole connection that publishes to
one it cannot decode.

Such an address is `amq.rabbitmq.reply-to.PID.KEY`, both in base64; PID is an Erlang process id in the
external term format.
"""

from __future__ import annotations

import binascii
from typing import Final

DIRECT: Final = "amq.rabbitmq.reply-to"
MOST_REMEMBERED: Final = 4096

_VERSION, _PIDS = 131, {103: 9, 88: 12}  # PID_EXT, NEW_PID_EXT: the bytes that follow the node's name
_WIDE, _NARROW = (100, 118), (115, 119)  # the kinds of a name: its length takes two bytes, or one
_good: set[str] = set()


def reachable(address: str) -> bool:
    """Whether a reply may be sent there. A reply to a caller that has gone is dropped without harm."""
    if not address.startswith(DIRECT):
        return address != ""
    if address in _good:
        return True
    pid, dot, key = address.removeprefix(DIRECT + ".").partition(".")
    if not dot or not _decoded(key) or not _is_pid(_decoded(pid)):
        return False
    if len(_good) >= MOST_REMEMBERED:
        _good.clear()
    _good.add(address)
    return True


def _decoded(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return b""


def _is_pid(term: bytes) -> bool:
    if len(term) < 5 or term[0] != _VERSION or term[1] not in _PIDS:
        return False
    if term[2] in _WIDE:
        name = 5 + (term[3] << 8 | term[4])
    elif term[2] in _NARROW:
        name = 4 + term[3]
    else:
        return False
    return len(term) == name + _PIDS[term[1]]
