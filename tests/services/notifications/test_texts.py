"""The texts: every language says the same things with the same facts, and an amount looks as its currency
wants.
"""

import tomllib
from importlib.resources import files
from string import Formatter
from typing import Any, get_args

import pytest

from tradewind.contracts.notifications import Template
from tradewind.contracts.values import Money
from tradewind.services.notifications.texts import DEFAULT, LOCALES

HOME = files("tradewind.services.notifications") / "locales"


def leaves(tree: dict[str, Any], at: str = "") -> dict[str, set[str]]:
    """Every text by its path, with the facts it names."""
    found: dict[str, set[str]] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            found |= leaves(value, f"{at}{name}.")
        else:
            found[at + name] = {field for _, field, _, _ in Formatter().parse(value) if field is not None}
    return found


def texts(locale: str) -> dict[str, set[str]]:
    return leaves(tomllib.loads((HOME / f"{locale}.toml").read_text("utf-8")))


@pytest.mark.parametrize("locale", ["de", "en"])
def test_languages_say_the_same(locale: str) -> None:
    assert texts(locale) == texts(DEFAULT)


def test_brief_texts_say_no_more_than_is_known() -> None:
    full, brief = texts(DEFAULT), texts("brief")
    assert brief.keys() == full.keys()
    assert all(
        used <= full[name] | full[name.replace("subject", "body")] | {"items"} for name, used in brief.items()
    )


def test_every_language_that_has_texts_is_read() -> None:
    assert {file.name for file in HOME.iterdir()} == {f"{locale}.toml" for locale in LOCALES}


@pytest.mark.parametrize("locale", sorted(LOCALES))
def test_every_template_has_its_text(locale: str) -> None:
    assert {name.partition(".")[0] for name in LOCALES[locale].texts} == set(get_args(Template))


@pytest.mark.parametrize(
    ("money", "english", "german"),
    [
        (Money(1999, "EUR"), "19.99 EUR", "19,99 EUR"),
        (Money(5, "USD"), "0.05 USD", "0,05 USD"),
        (Money(1999, "JPY"), "1,999 JPY", "1.999 JPY"),
        (Money(1999, "KWD"), "1.999 KWD", "1,999 KWD"),
        (Money(10**12, "CLF"), "100,000,000.0000 CLF", "100.000.000,0000 CLF"),
    ],
)
def test_amounts_have_the_digits_of_their_currency(money: Money, english: str, german: str) -> None:
    assert (LOCALES["en"].price(money), LOCALES["de"].price(money)) == (english, german)
