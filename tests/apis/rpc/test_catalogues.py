"""Every text is there in every language, and every wish for a language ends in one that we have."""

from typing import Any

import pytest

from tradewind.apis.rpc import texts as catalogues
from tradewind.apis.rpc.queues.endpoint import TEXTS


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("DE_at", "de"),
        ("en-GB", "en"),
        ("fr", "en"),
        ("fr-CH, de;q=0.8, en", "de"),
        ("", "en"),
        (None, "en"),
        (5, "en"),
        ("../de", "en"),
        ("d" * 200, "en"),
        (["de"], "en"),
        ("*", "en"),
    ],
)
def test_languages(wanted: Any, found: str) -> None:
    assert catalogues.language_of(wanted) == found


def test_all_catalogues_say_the_same() -> None:
    english = catalogues.CATALOGUES["en"]
    assert set(catalogues.LANGUAGES) == {"en", "de"}
    assert all(texts.keys() == english.keys() for texts in catalogues.CATALOGUES.values())
    assert all(text.strip() for texts in catalogues.CATALOGUES.values() for text in texts.values())
    assert set(TEXTS.values()) <= english.keys()
    assert catalogues.say("orders.not_found", "de") != catalogues.say("orders.not_found")
