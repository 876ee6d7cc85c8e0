"""Knows how wide a text is in Helvetica, which every PDF reader has built in: so that an invoice carries no
font and still lines up.

Widths are those of the Adobe font metrics, in thousandths of the size, for the characters 32 to 255 of
WinAnsi (cp1252).
"""

from __future__ import annotations

import unicodedata


def _widths(text: str) -> tuple[int, ...]:
    return (0,) * 32 + tuple(map(int, text.split()))


REGULAR = _widths(
    """278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556
    278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667
    611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833
    556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584 350 556 350 222 556 333 1000 556 556
    333 1000 667 333 1000 350 611 350 350 222 222 333 333 350 556 1000 333 1000 500 333 944 350 500 667 278
    333 556 556 556 556 260 556 333 737 370 556 584 333 737 333 400 584 333 333 333 556 537 278 333 333 365
    556 834 834 834 611 667 667 667 667 667 667 1000 722 667 667 667 667 278 278 278 278 722 722 778 778 778
    778 778 584 778 722 722 722 722 667 667 611 556 556 556 556 556 556 889 500 556 556 556 556 278 278 278
    278 556 556 556 556 556 556 556 584 611 556 556 556 556 500 556 500
    """
)
BOLD = _widths(
    """278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556
    333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667
    611 722 667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889
    611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584 350 556 350 278 556 500 1000 556 556
    333 1000 667 333 1000 350 611 350 350 278 278 500 500 350 556 1000 333 1000 556 333 944 350 500 667 278
    333 556 556 556 556 280 556 333 737 370 556 584 333 737 333 400 584 333 333 333 611 556 278 333 333 365
    556 834 834 834 611 722 722 722 722 722 722 1000 722 667 667 667 667 278 278 278 278 722 722 778 778 778
    778 778 584 778 722 722 722 722 667 667 611 556 556 556 556 556 556 889 556 556 556 556 556 278 278 278
    278 611 611 611 611 611 611 611 584 611 611 611 611 611 556 611 556
    """
)


def encode(text: str) -> bytes:
    """The text in WinAnsi. What it does not have becomes `?`, what would not print becomes a space."""
    printable = "".join(
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
        for c in unicodedata.normalize("NFC", text)
    )
    return printable.encode("cp1252", "replace")


def width(text: bytes, size: float, *, bold: bool = False) -> float:
    widths = BOLD if bold else REGULAR
    return sum(widths[code] for code in text) * size / 1_000


def wrap(text: bytes, size: float, within: float, *, most: int) -> list[bytes]:
    """At most `most` lines, broken at spaces where there are any; what does not fit ends in an ellipsis."""
    lines: list[bytes] = []
    rest = b" ".join(text.split())
    while rest and len(lines) < most:
        end = _fitting(rest, size, within)
        if end < len(rest) and b" " in rest[1 : end + 1]:
            end = rest.rindex(b" ", 1, end + 1)
        lines.append(rest[:end])
        rest = rest[end:].lstrip(b" ")
    if rest:
        last = lines[-1]
        lines[-1] = last[: _fitting(last, size, within - width(b"\x85", size))] + b"\x85"
    return lines


def _fitting(text: bytes, size: float, within: float) -> int:
    """How many characters fit; at least one."""
    for end in range(1, len(text)):
        if width(text[: end + 1], size) > within:
            return end
    return len(text)
