"""Which characters a text may have that stands for something, so that two texts that look the same are the
same.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_UNSEEN: Final = (
    (0x00, 0x20),
    (0x7F, 0xA0),
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x600, 0x605),
    (0x61C, 0x61C),
    (0x6DD, 0x6DD),
    (0x70F, 0x70F),
    (0x890, 0x891),
    (0x8E2, 0x8E2),
    (0x115F, 0x1160),
    (0x1680, 0x1680),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2000, 0x200F),
    (0x2028, 0x202F),
    (0x205F, 0x206F),
    (0x2800, 0x2800),
    (0x3000, 0x3000),
    (0x3164, 0x3164),
    (0xE000, 0xF8FF),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0x110BD, 0x110BD),
    (0x110CD, 0x110CD),
    (0x13430, 0x13438),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
    (0xF0000, 0x10FFFF),
)
"""Unicode's categories Cc, Cf, Zs, Zl, Zp and Co, and what else is drawn as nothing (Default_Ignorable, the
blank of Braille). What has no meaning yet (Cn) is not here: a later Unicode may give it one.
"""

UNSEEN: Final = "".join([f"{chr(low)}-{chr(high)}" if low < high else chr(low) for low, high in _UNSEEN])
"""For a character class of a regular expression."""
VISIBLE: Final = f"[^{UNSEEN}]"
"""The pattern of a text that is not made of unseen characters alone; joiners are needed by some scripts."""

_IGNORED: Final = frozenset(
    chr(code) for low, high in _UNSEEN if high < 0xE000 for code in range(low, high + 1)
)


def folded(text: str) -> str:
    """One way to write each text that identifies: compatibility letters are the plain ones (NFKC)."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def all_seen(text: str) -> bool:
    """Whether every character can be seen and has a meaning; a space is none."""
    if text.isascii():
        return text.isprintable() and " " not in text
    return text.isprintable() and _IGNORED.isdisjoint(text) and not any(map(_varies, text))


def _varies(letter: str) -> bool:
    """Selects a variant of the letter before it."""
    return "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"
