"""The one shape of every error."""

import json

from tradewind.core.http import Response
from tradewind.core.problem import FieldError, problem
from tradewind.drivers.http import refusals


def test_all_members() -> None:
    answer = problem(
        422,
        "bad",
        "Bad",
        "It is bad.",
        "/orders/1",
        [FieldError("a.b", "worse", "It is worse.")],
        ((b"allow", b"GET"),),
    )
    assert (answer.status, answer.content_type, answer.headers) == (
        422,
        b"application/problem+json",
        ((b"allow", b"GET"),),
    )
    assert json.loads(answer.body) == {
        "type": "/docs/problems#bad",
        "title": "Bad",
        "status": 422,
        "detail": "It is bad.",
        "instance": "/orders/1",
        "code": "bad",
        "errors": [{"field": "a.b", "code": "worse", "detail": "It is worse."}],
    }


def test_members_without_a_value_are_left_out() -> None:
    assert list(json.loads(problem(404, "not_found", "Not found", "No.").body)) == [
        "type",
        "title",
        "status",
        "detail",
        "code",
    ]


def test_what_the_server_says_by_itself_says_nothing_of_the_request() -> None:
    said = [value for value in vars(refusals).values() if isinstance(value, Response)]
    assert len(said) == 12
    assert all(answer.content_type == b"application/problem+json" for answer in said)
