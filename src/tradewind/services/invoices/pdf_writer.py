"""Writes a PDF of text and lines, byte for byte the same for the same input. Own code, because the library
for it weighs 13 MB with its imaging and font packages, for a page of Helvetica.

PDF 1.4: the built-in Helvetica, uncompressed pages (another zlib would give other bytes), and no moment but
the one it is given.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from . import helvetica

WIDTH, HEIGHT = 595, 842  # A4, in points
FONTS = {False: b"/F1", True: b"/F2"}


class Paper:
    """Pages are written top down; (0, 0) is the lower left corner."""

    def __init__(self, title: str, created_at: int | None) -> None:
        self._title, self._created_at = title, created_at
        self._pages: list[list[bytes]] = []

    @property
    def pages(self) -> int:
        return len(self._pages)

    def turn(self) -> None:
        self._pages.append([])

    def text(
        self,
        x: float,
        y: float,
        text: bytes,
        size: float,
        *,
        bold: bool = False,
        right: bool = False,
        grey: bool = False,
        page: int = -1,
    ) -> None:
        """From `x`, or up to `x` where `right`."""
        start = x - helvetica.width(text, size, bold=bold) if right else x
        colour = b"0.4" if grey else b"0"
        self._pages[page].append(
            b"BT %s g %s %.2f Tf %.2f %.2f Td %s Tj ET" % (colour, FONTS[bold], size, start, y, literal(text))
        )

    def rule(self, x: float, y: float, to: float, *, thick: float = 0.5) -> None:
        self._pages[-1].append(b"%.2f w %.2f %.2f m %.2f %.2f l S" % (thick, x, y, to, y))

    def file(self) -> bytes:
        """The whole document."""
        numbers = range(6, 6 + 2 * len(self._pages), 2)
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>",
            b"<< /Type /Pages /Kids [%s] /Count %d >>"
            % (b" ".join(b"%d 0 R" % n for n in numbers), len(self._pages)),
            font(b"Helvetica"),
            font(b"Helvetica-Bold"),
            self._info(),
        ]
        for number, page in zip(numbers, self._pages, strict=True):
            content = b"\n".join(page)
            objects.append(
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R"
                % (WIDTH, HEIGHT, number + 1)
                + b" /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>"
            )
            objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        return assemble(objects)

    def _info(self) -> bytes:
        title = helvetica.encode(self._title).decode("cp1252", "replace").encode("utf-16-be").hex().encode()
        moment = (
            datetime.fromtimestamp(self._created_at // 1_000, UTC) if self._created_at is not None else None
        )
        created = moment.strftime(" /CreationDate (D:%Y%m%d%H%M%SZ)").encode() if moment else b""
        return b"<< /Title <FEFF%s> /Producer (Tradewind)%s >>" % (title, created)


def font(name: bytes) -> bytes:
    return b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>" % name


def literal(text: bytes) -> bytes:
    """A PDF string: brackets and backslashes escaped, all beyond ASCII in octal."""
    return b"(%s)" % b"".join(
        b"\\%c" % code if code in b"()\\" else b"%c" % code if 32 <= code < 127 else b"\\%03o" % code
        for code in text
    )


def assemble(objects: list[bytes]) -> bytes:
    """Object 1 is the catalogue, object 5 says what the document is; the table at the end says where each
    object starts.
    """
    file = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    starts = []
    for number, body in enumerate(objects, 1):
        starts.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    identity = hashlib.sha256(file).hexdigest()[:32].encode()
    table = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % start for start in starts)
    file += b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R /ID [<%s> <%s>] >>\n" % (
        len(objects) + 1,
        identity,
        identity,
    )
    file += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(file)
