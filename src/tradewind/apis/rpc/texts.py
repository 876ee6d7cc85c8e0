"""Finds what the gateway itself says, in the language of `X-Lang`: what a service says comes in its own
words.
"""

from __future__ import annotations

from .catalogues import DEFAULT, language_of, say

_THINGS = {"order": "orders.not_found", "product": "inventory.not_found", "payment": "payments.not_found"}
_DEFAULT = DEFAULT.encode()


def language(header: bytes | None) -> bytes:
    """Of a request; English without a header, or for one that we have no catalogue of."""
    return _DEFAULT if header is None else language_of(header.decode("latin-1")).encode()


def text(name: str, language: bytes, service: str = "") -> str:
    """That a thing (`order`, …) is not there, or why a service was not asked (`open`, `busy`, `timeout`,
    `down`).
    """
    return say(_THINGS.get(name) or f"gateway.{name}", language.decode()).replace("{service}", service)
