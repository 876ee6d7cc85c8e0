"""Who is meant by a pattern is decided as NestJS decides it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.apis.nest.patterns import LONGEST, MOST_SPELLINGS, Routes, route

SAME = [
    ('{"cmd":"x"}', '{ "cmd" : "x" }'),
    ('{"role":"a","cmd":"b"}', '{"cmd":"b","role":"a"}'),
    ('{"a":{"c":1,"b":2}}', '{"a":{"b":2,"c":1.0}}'),
    ('"x"', '"\\u0078"'),
    ("5", '"5"'),
    ('"{\\"cmd\\":\\"x\\"}"', '{"cmd":"x"}'),
    ("[1]", '{"0":1}'),
]
OTHERS = [
    "null",
    "true",
    "[]",
    "{}",
    '"y"',
    '""',
    "7",
    '{"cmd":"y"}',
    '{"cmd":"x","more":1}',
    '{"cmd":["x"]}',
    '{"CMD":"x"}',
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same(one: str, other: str) -> None:
    assert route(one.encode()) == route(other.encode())


def test_a_route_is_spelled_as_nestjs_spells_it() -> None:
    assert route(b'{"cmd":"create_order"}') == '{"cmd":"create_order"}'
    assert (
        route(b'{"z":1,"a":{"y":"q","b":true},"l":[null]}') == '{"a":{"b":true,"y":"q"},"l":{"0":null},"z":1}'
    )


def test_a_name_is_found_by_its_command_and_by_itself() -> None:
    routes = Routes({"x": 1, '{"role":"a","cmd":"b"}': 2})
    for pattern in ('{"cmd":"x"}', ' {"cmd" : "x"}', '"x"', '"{\\"cmd\\":\\"x\\"}"'):
        assert routes.find(pattern.encode()) == ("x", 1)
    assert routes.find(b'{"cmd":"b","role":"a"}') == ('{"role":"a","cmd":"b"}', 2)


@pytest.mark.parametrize("pattern", OTHERS)
def test_nobody_is_meant(pattern: str) -> None:
    assert Routes({"x": 1}).find(pattern.encode()) is None


@pytest.mark.parametrize(
    "pattern", [b"", b"[" * 900 + b"]" * 900, b'"' + b"x" * LONGEST + b'"'], ids=["none", "deep", "long"]
)
def test_nobody_is_meant_by_what_is_no_pattern(pattern: bytes) -> None:
    assert Routes({"x": 1}).find(pattern) is None


def test_spellings_are_not_remembered_without_end() -> None:
    routes = Routes({"x": 1})
    for spaces in range(MOST_SPELLINGS + 10):
        assert routes.find(b'{"cmd":' + b" " * spaces + b'"x"}')
    assert len(routes._spelled) == MOST_SPELLINGS


@given(st.dictionaries(st.text(max_size=3), st.text(max_size=3) | st.integers() | st.none(), max_size=4))
def test_the_order_of_the_keys_is_of_no_matter(pattern: dict[str, object]) -> None:
    backwards = dict(reversed(pattern.items()))
    try:
        spelled = (
            json.dumps(pattern, ensure_ascii=False).encode(),
            json.dumps(backwards, ensure_ascii=False).encode(),
        )
    except UnicodeEncodeError:
        return
    assert route(spelled[0]) == route(spelled[1])
