"""Makes bad requests of good ones: an operation's example with one thing wrong, so that nothing else can be
what is refused.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from tests.support.http import request

Place = tuple[str | int, ...]
MARK = "0ddba11"
NUMBERS = {
    "NaN": "NaN",
    "infinity": "-Infinity",
    "1e400": "1e400",
    "a fraction": "1.5",
    "2^64": "18446744073709551616",
    "octal": "07",
}
TEXTS = {
    "a lone surrogate": '"\\ud800"',
    "NUL": '"\\u0000"',
    "a raw NUL": '"\0"',
    "an escape sequence": '"\\u001b[2J"',
    "not UTF-8": '"\udcff"',
    "a turned direction": '"\\u202e"',
    "a million characters": f'"{"x" * 1_000_000}"',
}
# what a client would love to set: fields of the rows behind, of other messages, and of the language
SET_BY_US = (
    "id",
    "type",
    "tag",
    "role",
    "status",
    "paymentStatus",
    "customerId",
    "userId",
    "caller",
    "owner",
    "total",
    "unitPrice",
    "lineTotal",
    "onHand",
    "held",
    "committed",
    "available",
    "refunded",
    "refunding",
    "version",
    "createdAt",
    "updatedAt",
    "expiresAt",
    "failure",
    "passwordHash",
    "generation",
    "isAdmin",
    "deadlineMs",
    "consulted",
    "__class__",
    "__proto__",
    "constructor",
    "$ref",
    "",
)

TARGETS = {
    "a NUL": "PATH%00",
    "an escaped slash": "PATH%2f",
    "dots": "PATH/../users",
    "escaped dots": "PATH/%2e%2e/users",
    "two slashes": "/PATH",
    "a slash at the end": "PATH/",
    "a backslash": "PATH\\",
    "an id of NUL": "PATH/%00",
    "an id that is none": "PATH/1%20OR%201=1",
    "a file": "/etc/passwd",
    "another case": "/API/V1/ORDERS",
}
QUERIES = {
    "no such field": "role=admin",
    "a NUL": "cursor=%00",
    "not UTF-8": "cursor=%ff",
    "half an escape": "cursor=%f",
    "twice": "limit=1&limit=2",
    "no limit": "limit=0",
    "too much": "limit=101",
    "a word": "limit=ten",
    "a huge number": f"limit={'9' * 40}",
    "1e400": "limit=1e400",
    "a cursor of nobody": "cursor=Li4vLi4vZXRj",
    "too many": "&".join(f"x{n}=1" for n in range(40)),
    "a list": "limit[]=1",
    "a line end": "cursor=a%0d%0ab",
}
KEYS = {"empty": b"", "blank": b" ", "long": b"k" * 256, "a space in it": b"a b", "not ASCII": "é".encode()}


def bodies(example: Any) -> Iterator[tuple[str, bytes]]:
    """None of them is a body that the operation may take."""
    text = json.dumps(example)
    yield "half", text[:-1].encode()
    yield "twice", (text + text).encode()
    yield "a list of it", f"[{text}]".encode()
    yield "a text of it", json.dumps(text).encode()
    yield "null", b"null"
    yield "UTF-16", text.encode("utf-16")
    yield "with a mark", b"\xef\xbb\xbf" + text.encode()
    yield "a comment", (text + "// why").encode()
    yield "33 deep", (text[:-1] + ',"deep":' + "[" * 32 + "]" * 32 + "}").encode()
    yield "50,000 deep", (text[:-1] + ',"deep":' + "[" * 50_000).encode()
    for place in places(example):
        value = at(example, place)
        if isinstance(value, dict):
            first = next(iter(value))
            yield (
                f"{first} twice in {place}",
                swapped(example, place, json.dumps(value)[:-1] + f', "{first}": 1}}'),
            )
        elif isinstance(value, int):
            yield from [
                (f"{name} in {place}", swapped(example, place, number)) for name, number in NUMBERS.items()
            ]
        elif isinstance(value, str):
            yield from [(f"{name} in {place}", swapped(example, place, bad)) for name, bad in TEXTS.items()]
        yield f"a strange object in {place}", swapped(example, place, f'{{"{MARK}": [true, null]}}')


def overreaching(example: Any, declared: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The example with one more field, at the top and in each object below: the field's path, the body."""
    for place in places(example):
        if not isinstance(at(example, place), dict):
            continue
        for name in SET_BY_US:
            if name in declared or name in at(example, place):
                continue
            body = copy.deepcopy(example)
            at(body, place)[name] = "admin"
            shown = name if name.isidentifier() else "?"
            yield path_of((*place, shown)), body


def places(value: Any) -> Iterator[Place]:
    """Of everything in it, from the whole to the leaves."""
    yield ()
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inner:
        yield from [(name, *rest) for rest in places(item)]


def at(value: Any, place: Place) -> Any:
    for name in place:
        value = value[name]
    return value


def swapped(example: Any, place: Place, text: str) -> bytes:
    """The example with the JSON `text` at this place."""
    body = copy.deepcopy(example)
    if not place:
        return text.encode("utf-8", "surrogateescape")
    at(body, place[:-1])[place[-1]] = MARK
    return json.dumps(body).replace(f'"{MARK}"', text).encode("utf-8", "surrogateescape")


def path_of(place: Place) -> str:
    """`items[0].price`, as problems name it."""
    return "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in place).removeprefix(".")


def heads(path: str, token: str) -> Iterator[tuple[str, bytes, tuple[int, ...]]]:
    """Requests for a list that anybody signed in may read, each wrong before any operation is reached, with
    the statuses it may get.
    """

    def plain(method: str, target: str, *lines: tuple[str, str | bytes]) -> bytes:
        return request(method, target, token=token, headers=lines)

    for name, target in TARGETS.items():
        yield name, plain("GET", target.replace("PATH", path)), (400, 404)
    for name, query in QUERIES.items():
        yield f"query: {name}", plain("GET", f"{path}?{query}"), (422,)
    yield "a long path", plain("GET", f"{path}/{'a' * 9_000}"), (414,)
    yield "a long query", plain("GET", f"{path}?cursor={'a' * 9_000}"), (414,)
    yield "a long header", plain("GET", path, ("X-Long", "a" * 20_000)), (431,)
    yield "many headers", plain("GET", path, *[(f"X-{n}", "1") for n in range(150)]), (431,)
    for method in ("OPTIONS", "TRACE", "PUT", "DELETE", "PATCH"):
        yield method, plain(method, path), (405,)
    yield "no such method", plain("GRAB", path), (400,)
    yield "HTTP/2", plain("GET", path).replace(b"HTTP/1.1", b"HTTP/2.0"), (400, 505)
    yield "no host", plain("GET", path).replace(b"Host: shop\r\n", b""), (400,)
    for name, key in KEYS.items():
        yield (
            f"idempotency key: {name}",
            request("POST", path, {}, token=token, headers=[("Idempotency-Key", key)]),
            (400, 422),
        )
    two = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    yield "two idempotency keys", request("POST", path, {}, token=token, headers=two), (400,)
