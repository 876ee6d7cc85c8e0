"""Says things in the caller's language. The catalogues are JSON files, so that who translates needs no
Python.
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
