"""The core knows no business: import rules see modules, not words, so the words are looked for themselves."""

import re
from pathlib import Path

import pytest

CORE = Path(__file__).resolve().parents[2] / "src" / "tradewind" / "core"
# "order" alone is a sequence
WORDS = (
    "orders|order_id|payments?|products?|invoices?|stocks?|customers?|baskets?|carts?|skus?|prices?|pricing|refunds?"
    "|currency|currencies|catalogues?|warehouses?|shops?|buyers?"
)
SHOP = re.compile(rf"(?<![a-z])(?:{WORDS})(?![a-z])", re.IGNORECASE)


def found(text: str) -> list[str]:
    return SHOP.findall(text)


@pytest.mark.parametrize("path", sorted(CORE.rglob("*.py")), ids=lambda path: path.name)
def test_the_core_has_no_word_of_a_shop(path: Path) -> None:
    assert found(path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        'keyed_by = "order_id"',
        "def currency(text)",
        "class OrderView: ...  # an order's price",
        "PAYMENT_DUE",
    ],
)
def test_a_word_of_a_shop_would_be_seen(line: str) -> None:
    assert found(line)


@pytest.mark.parametrize("line", ["in key order", "ordered by key", "preorder", "restocking", "partial"])
def test_other_words_are_not(line: str) -> None:
    assert found(line) == []
