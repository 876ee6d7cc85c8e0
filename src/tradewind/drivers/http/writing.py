"""Makes bytes of an answer: a head per status and second is built once, so that an answer costs one
formatting.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus

from ...core.http import Request, Response, StreamedResponse

STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
    for status in HTTPStatus
    if status >= 200
}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BODILESS = frozenset({204, 304})


PROBLEM = b"application/problem+json"


class Writer:
    """`problem`: how an API says what the server refuses by itself; without it, as the server does."""

    def __init__(
        self, clock: Callable[[], float], problem: Callable[[Response], Response] | None = None
    ) -> None:
        self._clock, self._problem = clock, problem
        self._heads: dict[tuple[int, bytes], bytes] = {}
        self._date = b""
        self.refresh()

    def refresh(self) -> None:
        self._date = formatdate(self._clock(), usegmt=True).encode()
        self._heads.clear()

    def encode(self, request: Request, answer: Response, close: bool) -> bytes:
        """Raises KeyError, TypeError or ValueError for an answer that cannot be sent as it is."""
        if answer.__class__ is StreamedResponse:
            raise TypeError("this server does not stream")
        if self._problem is not None and answer.content_type == PROBLEM:
            answer = self._problem(answer)
        kind = (answer.status, answer.content_type)
        head = self._heads.get(kind) or self._head(answer.status, answer.content_type)
        fields = _lines(answer.headers) if answer.headers else b""
        if close:
            fields += b"connection: close\r\n"
        elif request.http10:
            fields += b"connection: keep-alive\r\n"
        if answer.status in BODILESS:
            return b"%b%b\r\n" % (head, fields)
        body = answer.body
        return b"%b%d\r\n%b\r\n%b" % (head, len(body), fields, b"" if request.method == "HEAD" else body)

    def checked(self, answer: Response) -> tuple[Response, list[tuple[bytes, bytes]]]:
        """For a server that writes heads itself: the answer in the words of the API, and its headers, date
        and content type among them. Errors: as `encode`.
        """
        if self._problem is not None and answer.content_type == PROBLEM:
            answer = self._problem(answer)
        headers = [(b"date", self._date)]
        if STATUS_LINES[answer.status] and answer.status not in BODILESS:
            headers.append((b"content-type", answer.content_type))
        headers += answer.headers
        _lines(tuple(headers))
        memoryview(answer.body)
        return answer, headers

    def _head(self, status: int, content_type: bytes) -> bytes:
        head = b"%bdate: %b\r\n" % (STATUS_LINES[status], self._date)
        if status not in BODILESS:
            head += b"%bcontent-length: " % _lines(((b"content-type", content_type),))
        self._heads[status, content_type] = head
        return head


def _lines(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    lines = b"".join([b"%b: %b\r\n" % header for header in headers])
    # a value with a line end could add headers, or a whole response, of another's choice
    if lines.count(b"\n") != len(headers) or lines.count(b"\r") != len(headers):
        raise ValueError("a header holds a line end")
    return lines
