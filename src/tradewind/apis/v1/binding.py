"""Makes an operation's message from path, query string and body, each checked against the one declaration.

The message declares the fields of a body; a body may not repeat what the path or the wire name has. So a body
has a type of its own, made once, and the message is built from values that are checked already.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import NODEFAULT
from msgspec.structs import FieldInfo, astuple

from ...contracts.operation import Operation, taken
from ...core.http import Request
from ...core.model import Message, Refused
from . import strict_json
from .refusals import field_refused, invalid_field
from .wording import plain

Bind = Callable[[Request, tuple[str, ...]], Message]
JSON = b"application/json"
MOST_PARAMETERS = 32
_JSON = re.compile(rb'application/json[ \t]*(;[ \t]*charset[ \t]*=[ \t]*"?utf-8"?[ \t]*)?', re.IGNORECASE)
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_IN_PATH = re.compile(r"{(\w+)}")
# as in bodies: C0, DEL and C1, and what turns the direction of the text around it
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


def binder(operation: Operation) -> Bind:
    """How requests of this operation become messages."""
    kind = operation.asks
    fields = msgspec.structs.fields(taken(operation))
    named = _IN_PATH.findall(operation.path)
    if [field.encode_name for field in fields[: len(named)]] != named:
        raise ValueError(
            f"{operation.name}: the first fields of {kind.__name__} must be those of the path, in its order"
        )
    path, rest = fields[: len(named)], fields[len(named) :]
    inner = _struct(kind.__name__, rest)
    path_types = [field.type for field in path]
    if operation.method == "GET":
        return _of_query(kind, path_types, inner, {field.encode_name for field in rest if _whole(field)})
    return _of_body(kind, path_types, inner, not any(field.required for field in rest))


def _struct(name: str, fields: Sequence[FieldInfo]) -> type[msgspec.Struct]:
    declared = [
        (field.name, field.type) if field.required else (field.name, field.type, _default(field))
        for field in fields
    ]
    return msgspec.defstruct(
        f"{name}Fields", declared, frozen=True, rename="camel", forbid_unknown_fields=True, module=__name__
    )


def _default(field: FieldInfo) -> Any:
    return (
        msgspec.field(default_factory=field.default_factory) if field.default is NODEFAULT else field.default
    )


def _whole(field: FieldInfo) -> bool:
    info = msgspec.inspect.type_info(field.type)
    if isinstance(info, msgspec.inspect.Metadata):  # a described one
        info = info.type
    return isinstance(info, msgspec.inspect.IntType)


def _of_body(kind: type[Message], path: list[Any], inner: type[msgspec.Struct], optional: bool) -> Bind:
    decoder = msgspec.json.Decoder(inner)
    decode = strict_json.decode
    holder = _holder(path)

    def bind(request: Request, values: tuple[str, ...]) -> Message:
        body = request.body
        if body:
            content_type = request.headers.get(b"content-type")
            if content_type != JSON and (content_type is None or _JSON.fullmatch(content_type) is None):
                raise Refused(
                    "unsupported_media_type", 415, "Send JSON in UTF-8, with Content-Type: application/json."
                )
            if b"content-encoding" in request.headers:
                raise Refused(
                    "unsupported_media_type", 415, "Send the JSON as it is, without a Content-Encoding."
                )
        elif optional:
            body = b"{}"
        fields = decode(body, decoder)
        return kind(*_checked(holder, values), *astuple(fields)) if values else kind(*astuple(fields))

    return bind


def _of_query(kind: type[Message], path: list[Any], inner: type[msgspec.Struct], whole: set[str]) -> Bind:
    known = {field.encode_name for field in msgspec.structs.fields(inner)}
    holder = _holder(path)

    def bind(request: Request, values: tuple[str, ...]) -> Message:
        checked = _checked(holder, values)
        if not request.query:
            return kind(*checked)
        given = _parameters(request.query)
        for name, value in given.items():
            if name not in known:
                shown = name if _NAME.fullmatch(name) else "?"
                raise field_refused(shown, "unknown_field", "This field is not known here.")
            if _UNSEEN.search(value):
                raise invalid_field(name, "The text has a control character.")
        sought: dict[str, Any] = {
            n: int(v) if n in whole and _WHOLE.fullmatch(v) else v for n, v in given.items()
        }
        try:
            return kind(*checked, *astuple(msgspec.convert(sought, inner)))
        except msgspec.ValidationError as error:
            says, _, place = str(error).partition(" - at `$.")
            raise invalid_field(place.rstrip("`"), f"{plain(says)}.") from None

    return bind


def _holder(types: list[Any]) -> type[msgspec.Struct]:
    """A struct of the path's values: msgspec finds a class by its address, but works an annotated type out
    anew each time.
    """
    return msgspec.defstruct(
        "Path", [(f"value{n}", type) for n, type in enumerate(types)], array_like=True, frozen=True
    )


def _checked(holder: type[msgspec.Struct], values: tuple[str, ...]) -> tuple[Any, ...]:
    """The path's values. One that cannot be an id is the id of nothing."""
    try:
        return astuple(msgspec.convert(values, holder))
    except msgspec.ValidationError:
        raise Refused("not_found", 404) from None


def _parameters(query: bytes) -> dict[str, str]:
    try:
        text = query.decode("ascii")
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except ValueError:
        raise invalid_field("", "The query string is malformed.") from None
    given = dict(pairs)
    if len(given) < len(pairs):
        raise invalid_field("", "A query parameter is given twice.")
    return given
