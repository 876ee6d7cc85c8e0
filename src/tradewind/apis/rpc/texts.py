"""Says things in the caller's language. The catalogues are JSON files, so that who translates needs no
Python.

A service says what it says in its own words; the gateway's own texts are found by `text`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

FOLDER = Path(__file__).with_name("i18n")
DEFAULT = "en"
LANGUAGES = tuple(sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))
LONGEST = 100


def _catalogue(language: str) -> dict[str, str]:
    files = sorted((FOLDER / language).glob("*.json"))
    return {
        f"{file.stem}.{name}": text
        for file in files
        for name, text in msgspec.json.decode(file.read_bytes(), type=dict[str, str]).items()
    }


CATALOGUES = {language: _catalogue(language) for language in LANGUAGES}


def language_of(wanted: Any) -> str:
    """The language that `X-Lang` asks for: `de-AT` is `de`; of a list the first that we have; else
    English.
    """
    return _known(wanted) if isinstance(wanted, str) and len(wanted) <= LONGEST else DEFAULT


@lru_cache(maxsize=256)
def _known(wanted: str) -> str:
    for tag in wanted.replace("_", "-").split(","):
        if (language := tag.split(";")[0].split("-")[0].strip().lower()) in CATALOGUES:
            return language
    return DEFAULT


def say(name: str, language: str = DEFAULT) -> str:
    """The text `orders.not_found`, `translations.unavailable` and so on. Errors: KeyError for a name that no
    catalogue has.
    """
    text = CATALOGUES[language].get(name)
    return CATALOGUES[DEFAULT][name] if text is None else text


# -- what the gateway itself says

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
