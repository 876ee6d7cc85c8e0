"""Knows the passwords that are guessed first."""

from __future__ import annotations

from importlib import resources

from ..kernel.passwords import plain

COMMON = frozenset((resources.files(__package__) / "common_passwords.txt").read_text("utf-8").split())


def weak(password: str, *others: str) -> bool:
    """Among the first guesses: the most used passwords, or the user's own name or address."""
    lower = plain(password).lower()
    return lower in COMMON or lower in {other.lower() for other in others}
