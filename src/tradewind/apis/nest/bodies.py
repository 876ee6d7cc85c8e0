"""Takes the body of a request as Express and its JSON reader take it, with their words where they refuse
it.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import msgspec

from ...core.http import Request
from .validator import NotJson

JSON = b"application/json"
TOO_LARGE = ("request entity too large", "Payload Too Large")
# body-parser reads no other type: what it does not read is the empty object
_JSON = re.compile(rb"application/json[ \t]*(?:;.*)?", re.IGNORECASE | re.DOTALL)
_FORM = re.compile(rb"application/x-www-form-urlencoded[ \t]*(?:;.*)?", re.IGNORECASE | re.DOTALL)
_CHARSET = re.compile(rb";[ \t]*charset[ \t]*=[ \t]*\"?([^\";, \t]*)", re.IGNORECASE)


_encode = msgspec.json.Encoder().encode


class BodyRefused(Exception):
    """`status` 413 or 415, and what Express says."""

    def __init__(self, status: int, message: str, name: str) -> None:
        super().__init__(status, message)
        self.status, self.message, self.name = status, message, name


def body_of(request: Request, most: int) -> bytes:
    """The JSON, or nothing where none was sent; of a form, its values as texts. Errors: BodyRefused."""
    body = request.body
    headers = request.headers
    if len(body) > most:
        raise BodyRefused(413, *TOO_LARGE)
    content_type = headers.get(b"content-type", b"")
    if content_type != JSON:
        if _FORM.fullmatch(content_type):
            return _encode(
                dict(parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=1_000))
            )
        if not _JSON.fullmatch(content_type):
            return b""
        charset = _CHARSET.search(content_type)
        # the ASCII of any other utf is no JSON in UTF-8, so that is refused where it is read
        if charset is not None and not charset[1].lower().startswith(b"utf-"):
            raise BodyRefused(
                415, f'unsupported charset "{charset[1].decode("latin-1").upper()}"', "Unsupported Media Type"
            )
    coding = headers.get(b"content-encoding")
    if coding is not None and coding.lower() != b"identity":
        raise BodyRefused(
            415, f'unsupported content encoding "{coding.decode("latin-1")}"', "Unsupported Media Type"
        )
    return body


def refuse_bare(body: bytes) -> None:
    """For a body that has not passed its checks: the JSON reader of Express takes no bare values. Errors:
    NotJson, for what is neither an object nor an array.
    """
    if body.lstrip(b" \t\r\n")[:1] not in (b"{", b"[", b""):
        raise NotJson("neither an object nor an array")
