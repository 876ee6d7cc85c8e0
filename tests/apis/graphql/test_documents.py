"""Documents are bounded before anything of them is executed, and each is parsed and validated once."""

from __future__ import annotations

import time

import pytest
from graphql import get_introspection_query

from tradewind.apis.graphql.documents import LONGEST, MOST_TEXT, Document, Documents, Wrong
from tradewind.apis.graphql.limits import Limits
from tradewind.apis.graphql.schema import schema

DEEP = "{orders(userId:1){nodes{user{name}}}}"


def documents(**limits: int) -> Documents:
    return Documents(schema(), Limits(**limits))


def code(found: Document | Wrong) -> str:
    assert isinstance(found, Wrong)
    (got,) = {error["extensions"]["code"] for error in found.errors}
    return str(got)


def test_depth() -> None:
    assert isinstance(documents(depth=4).read(DEEP), Document)
    assert code(documents(depth=3).read(DEEP)) == "GRAPHQL_VALIDATION_FAILED"
    spread = "{...A} fragment A on Query{orders(userId:1){nodes{...B}}} fragment B on Order{user{...C}} fragment C on User{name}"
    assert isinstance(documents(depth=4).read(spread), Document)
    assert code(documents(depth=3).read(spread)) == "GRAPHQL_VALIDATION_FAILED"
    inline = "{... on Query{orders(userId:1){... on OrderConnection{nodes{id}}}}}"
    assert isinstance(documents(depth=3).read(inline), Document)


def test_introspection_has_a_depth_of_its_own() -> None:
    assert isinstance(documents().read(get_introspection_query()), Document)


def test_aliases() -> None:
    def text(count: int) -> str:
        return "{order(id:1){" + " ".join(f"a{n}:id" for n in range(count)) + "}}"

    assert isinstance(documents().read(text(30)), Document)
    assert code(documents().read(text(31))) == "GRAPHQL_VALIDATION_FAILED"
    spread = "{a:order(id:1){...A} b:order(id:2){...A}} fragment A on Order{x:id y:id}"
    assert isinstance(documents(aliases=6).read(spread), Document)
    assert code(documents(aliases=5).read(spread)) == "GRAPHQL_VALIDATION_FAILED"


def test_fields_at_the_root() -> None:
    one = "createOrder(userId:1,productId:1,quantity:1)"
    assert isinstance(documents().read("mutation{" + one * 20 + "}"), Document)
    assert code(documents().read("mutation{" + one * 21 + "}")) == "GRAPHQL_VALIDATION_FAILED"


def test_tokens() -> None:
    assert isinstance(documents().read("{order(id:1){" + "id " * 1_985 + "}}"), Document)
    assert code(documents().read("{order(id:1){" + "id " * 2_000 + "}}")) == "GRAPHQL_VALIDATION_FAILED"


def test_a_document_that_would_take_long_is_refused_soon() -> None:
    """Each of them takes the library's own rules seconds, or has no end."""
    wide = " ".join(f"z{n}{{...F%d}}" for n in range(45))
    bombs = [
        "{order(id:1){" + "id " * 1_985 + "}}",
        "{order(id:1){" + "user{name} " * 480 + "}}",
        "{a" * 600 + "}" * 600,
        "{" + "... on Query{" * 900 + "userName(id:1)" + "}" * 901,
        "{order(id:1){...F0}} "
        + " ".join(f"fragment F{n} on Order{{{wide.replace('%d', str(n + 1))}}}" for n in range(8)),
        "{order(id:1){...A}} fragment A on Order{user{id} ...B} fragment B on Order{...A}",
        "{order(id:1){" + " ".join(f"...F{n}" for n in range(250)) + "}}"
        + " ".join(f"fragment F{n} on Order{{id}}" for n in range(250)),
    ]  # fmt: skip
    for bomb in bombs:
        began = time.process_time()
        documents().read(bomb)
        assert time.process_time() - began < 1.5, bomb[:60]


@pytest.mark.parametrize(
    "text",
    [
        "{order(id:1){id} order(id:2){id}}",
        "{a:userName(id:1) a:getOrder(id:1)}",
        "{order(id:1){a:id a:status}}",
        "{order(id:1){user{a:id} ...A}} fragment A on Order{user{a:name}}",
    ],
)
def test_fields_of_one_name_that_differ(text: str) -> None:
    assert code(documents().read(text)) == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    "text",
    ["{order(id:1){id} order(id:1){status}}", "{order(id:1){user{id} ...A}} fragment A on Order{user{name}}"],
)
def test_fields_of_one_name_that_are_the_same(text: str) -> None:
    assert isinstance(documents().read(text), Document)


def test_each_is_read_once() -> None:
    kept = documents()
    for text in (DEEP, "{", "{nothing}"):
        assert kept.read(text) is kept.read(text)


def test_what_is_kept_is_bounded() -> None:
    kept = documents()
    for number in range(3_000):
        kept.read(f"{{userName(id:{number})}}")
    assert len(kept) <= 1_000
    for number in range(40):
        kept.read(f"{{userName(id:{number})}}" + "#" * (LONGEST - 100))
    assert len(kept) <= MOST_TEXT // (LONGEST - 100)
    before = len(kept)
    kept.read("{userName(id:1)}" + " " * LONGEST)
    assert len(kept) == before


def test_which_operation_is_meant() -> None:
    found = documents().read(
        "query a{userName(id:1)} mutation b{createOrder(userId:1,productId:1,quantity:1)}"
    )
    assert isinstance(found, Document)
    assert [found.operation(name) is None for name in ("a", "b", "c", None)] == [False, False, True, True]
