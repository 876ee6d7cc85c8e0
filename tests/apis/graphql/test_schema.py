"""The schema keeps what a client relies on: what was published once may grow, and nothing of it goes."""

from __future__ import annotations

from pathlib import Path

from graphql import GraphQLObjectType, build_schema
from graphql.utilities import find_breaking_changes

from tradewind.apis.graphql.schema import RESOLVERS, schema, text

PUBLISHED = Path(__file__).parent / "published" / "schema.graphql"
"""As clients know it. It is extended with the schema, and nothing is taken out of it."""
ORIGINAL = """
type Query { getOrder(id: Float!): String! userName(id: Float!): String! }
type Mutation { createOrder(userId: Float!, productId: Float!, quantity: Float!): String! }
"""


def broken(before: str, now: str) -> list[str]:
    return [change.description for change in find_breaking_changes(build_schema(before), build_schema(now))]


def test_no_client_is_broken() -> None:
    assert broken(PUBLISHED.read_text(), text()) == []
    assert broken(ORIGINAL, text()) == []


def test_what_is_new_is_published_too() -> None:
    assert PUBLISHED.read_text() == text(), "copy the schema to tests/apis/graphql/published"


def test_a_change_that_breaks_a_client_is_found() -> None:
    assert broken(text(), text().replace("getOrder(id: Float!)", "getOrder(id: Int!)"))
    assert broken(text(), text().replace("  quantity: Int!\n", ""))


def test_every_field_of_the_roots_has_a_resolver() -> None:
    for kind in ("Query", "Mutation"):
        found = schema().type_map[kind]
        assert isinstance(found, GraphQLObjectType)
        assert RESOLVERS[kind].keys() == found.fields.keys()
