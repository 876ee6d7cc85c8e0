"""Bodies of every kind of wrongness, as a client may write them."""

import json
from collections.abc import Iterator
from typing import Any

UUID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
ITEM = {"productId": UUID, "quantity": 2, "price": 29.99}
LINE = f'{{"items":[{{"productId":"{UUID}",'
ORDER: dict[str, Any] = {"items": [ITEM], "total": 59.98}
PRODUCT: dict[str, Any] = {"name": "Widget", "sku": "W", "stock": 1}
PAYMENT: dict[str, Any] = {"orderId": UUID, "amount": 59.98}

ANYTHING: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    1.5,
    -1.5,
    -0.001,
    1.005,
    2.50,
    0.1,
    "",
    "x",
    "1",
    [],
    {},
    [1],
    [None],
    ["x"],
    [{}],
    {"a": 1},
]
TEXTS = [
    "{}",
    "[]",
    "null",
    '"abc"',
    "5",
    "true",
    "{",
    "",
    " ",
    "nul",
    '{"items":[],"total":1e400}',
    '{"items":[],"total":NaN}',
    LINE + '"quantity":2.0,"price":1e1}],"total":-0}',
    LINE + '"quantity":1e400,"price":1e1}],"total":3}',
    LINE + '"quantity":2,"price":1,"price":2}],"total":3}',
]
UUIDS = [
    UUID.upper(),
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-FFFF-ffff-ffff-ffffffffffff",
    UUID.replace("-7890", "-9890"),
    UUID.replace("-abcd", "-7bcd"),
    UUID + "\n",
    "{" + UUID + "}",
    UUID.replace("-", ""),
    5,
]


def cases() -> Iterator[tuple[str, str]]:
    """Kind and text."""
    whole = {"order": ORDER, "product": PRODUCT, "payment": PAYMENT}
    for kind, valid in whole.items():
        for text in TEXTS:
            yield kind, text
        for body in (valid, {**valid, "more": {"a": 1}}):
            yield kind, json.dumps(body)
        for name in valid:
            yield kind, json.dumps({field: value for field, value in valid.items() if field != name})
            for value in ANYTHING:
                yield kind, json.dumps({**valid, name: value})
    for name in ITEM:
        yield (
            "order",
            json.dumps(
                {**ORDER, "items": [ITEM, {field: value for field, value in ITEM.items() if field != name}]}
            ),
        )
        for value in ANYTHING:
            yield "order", json.dumps({**ORDER, "items": [{**ITEM, name: value}, {**ITEM, "more": 1}]})
    for value in UUIDS:
        yield "order", json.dumps({**ORDER, "items": [{**ITEM, "productId": value}]})
        yield "payment", json.dumps({**PAYMENT, "orderId": value})
    yield "order", json.dumps({"items": {**ITEM, "quantity": 0}, "total": -1})
