"""Runs every test of a connection on both event loops, which differ in when a write is flushed and how a side
is closed, and on both servers.
"""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

from . import support

OVERLAP = frozenset(
    {
        "test_answers_leave_in_the_order_of_their_requests",
        "test_an_answer_to_a_client_that_has_gone_is_no_error",
        "test_a_client_may_end_its_side_and_still_read",
        "test_stop_lets_finish_what_is_under_way",
        "test_a_handler_that_does_not_answer_is_answered_for",
    }
)
"""The streaming server handles the requests of a connection one by one, so these cannot have two at once."""
OWN = frozenset(
    {
        "test_stop_before_start_is_nothing",
        "test_a_taken_port_has_a_name",
        "test_another_error_at_the_start_keeps_its_name",
        "test_deadlines_are_watched_after_a_sweep_that_failed",
    }
)
"""They look into our own server; `test_streaming` has its own of them."""


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    module = metafunc.module.__name__.rpartition(".")[2]
    if module == "test_streaming":
        metafunc.parametrize("kind", ["streaming"], indirect=True)
    elif asyncio.iscoroutinefunction(metafunc.function) and metafunc.definition.name not in OVERLAP | OWN:
        metafunc.parametrize("kind", list(support.SERVERS), indirect=True)


@pytest.fixture(autouse=True)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which server `serving` starts."""
    name: str = getattr(request, "param", "own")
    monkeypatch.setattr(support, "current", name)
    return name
