"""Writes a PDF of text and lines in any script an invoice may hold, byte for byte the same for the same
input. The pages wait as operations until the file is made, so that a page can say how many there are.

Import it late: fpdf2 and its fonts take most of a second.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from fpdf import FPDF
from fpdf.fonts import TTFFont

WIDTH, HEIGHT = 595, 842  # A4, in points
FONTS = Path(__file__).with_name("fonts")
FALLBACKS = {"rtl": "DejaVuSans.ttf", "cjk": "DroidSansFallback.ttf"}
UNKNOWN = "?"
ELLIPSIS = "…"


class Text(NamedTuple):
    x: float
    y: float
    text: str
    size: float
    bold: bool
    right: bool
    grey: bool


class Rule(NamedTuple):
    x: float
    y: float
    to: float
    thick: float


class Paper:
    """Pages are written top down; (0, 0) is the lower left corner. `texts` are all that the fonts must have
    the characters of: a font that nobody needs is not read.
    """

    def __init__(self, title: str, created_at: int | None, texts: list[str]) -> None:
        pdf = self._pdf = FPDF(unit="pt", format="A4")
        pdf.set_creation_date(datetime.fromtimestamp((created_at or 0) // 1_000, UTC))
        pdf.set_auto_page_break(False)
        pdf.set_margin(0)
        pdf.c_margin = 0
        pdf.add_font("sans", "", FONTS / "NotoSans-Regular.ttf")
        pdf.add_font("sans", "B", FONTS / "NotoSans-Bold.ttf")
        self._known = self._characters("sans")
        self._pages: list[list[Text | Rule]] = []
        self._fall_back(set("".join(map(printable, texts))))
        pdf.set_text_shaping(True)
        pdf.set_producer("Tradewind")
        pdf.set_lang("en")
        pdf.set_title(self.writable(title))

    @property
    def pages(self) -> int:
        return len(self._pages)

    def turn(self) -> None:
        self._pages.append([])

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        right: bool = False,
        grey: bool = False,
        page: int = -1,
    ) -> None:
        """From `x`, or up to `x` where `right`."""
        self._pages[page].append(Text(x, y, self.writable(text), size, bold, right, grey))

    def rule(self, x: float, y: float, to: float, *, thick: float = 0.5) -> None:
        self._pages[-1].append(Rule(x, y, to, thick))

    def writable(self, text: str) -> str:
        """The text in one form of Unicode; what no font has becomes `?`."""
        return "".join(c if ord(c) in self._known else UNKNOWN for c in printable(text))

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        self._pdf.set_font("sans", "B" if bold else "", size)
        return self._pdf.get_string_width(self.writable(text))

    def wrap(self, text: str, size: float, within: float, *, most: int) -> list[str]:
        """At most `most` lines, broken at spaces where there are any; a cut ends in an ellipsis."""
        lines: list[str] = []
        rest = " ".join(self.writable(text).split())
        while rest and len(lines) < most:
            end = self._fitting(rest, size, within)
            if end < len(rest) and " " in rest[1 : end + 1]:
                end = rest.rindex(" ", 1, end + 1)
            lines.append(rest[:end])
            rest = rest[end:].lstrip(" ")
        if rest:
            last = lines[-1]
            lines[-1] = last[: self._fitting(last, size, within - self.width(ELLIPSIS, size))] + ELLIPSIS
        return lines

    def close(self) -> None:
        """Closes the files of the fonts, which the library leaves open."""
        for font in self._pdf.fonts.values():
            if isinstance(font, TTFFont):
                font.close()

    def file(self) -> bytes:
        """The whole document."""
        pdf = self._pdf
        for page in self._pages:
            pdf.add_page()
            for operation in page:
                if isinstance(operation, Rule):
                    pdf.set_line_width(operation.thick)
                    pdf.line(operation.x, HEIGHT - operation.y, operation.to, HEIGHT - operation.y)
                else:
                    self._write(operation)
        return bytes(pdf.output())

    def _write(self, text: Text) -> None:
        if not text.text:
            return
        pdf = self._pdf
        pdf.set_font("sans", "B" if text.bold else "", text.size)
        pdf.set_text_color(102 if text.grey else 0)
        width = pdf.get_string_width(text.text)
        pdf.set_xy(text.x - width if text.right else text.x, HEIGHT - text.y - 0.8 * text.size)
        pdf.cell(w=width, h=text.size, text=text.text)

    def _fall_back(self, needed: set[str]) -> None:
        """Reads the fonts of the scripts that occur, the smallest first."""
        for name, file in FALLBACKS.items():
            missing = {c for c in needed if ord(c) not in self._known}
            if any(script(c) == name for c in missing):
                self._pdf.add_font(name, "", FONTS / file)
                self._known |= self._characters(name)
                self._pdf.set_fallback_fonts(
                    [f for f in FALLBACKS if f in self._pdf.fonts], exact_match=False
                )

    def _characters(self, name: str) -> set[int]:
        font = self._pdf.fonts[name]
        assert isinstance(font, TTFFont)
        return set(font.cmap)

    def _fitting(self, text: str, size: float, within: float) -> int:
        """How many characters fit; at least one. Few steps: a name may have thousands of characters."""
        fits, much = 1, min(len(text), 2 + int(within / size * 5)) + 1  # no character is a fifth of its size
        while fits + 1 < much:
            middle = (fits + much) // 2
            if self.width(text[:middle], size) <= within:
                fits = middle
            else:
                much = middle
        return fits


def printable(text: str) -> str:
    """What would not print becomes a space."""
    return "".join(
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
        for c in unicodedata.normalize("NFC", text)
    )


def script(character: str) -> str:
    """Which of the fallback fonts a character is looked for in; none where it is in no script of theirs."""
    code = ord(character)
    if 0x590 <= code <= 0x77F or 0xFB1D <= code <= 0xFDFF or 0xFE70 <= code <= 0xFEFF:
        return "rtl"
    if 0x2E80 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7A3 or 0xF900 <= code <= 0xFAFF or code >> 8 == 0xFF:
        return "cjk"
    return ""
