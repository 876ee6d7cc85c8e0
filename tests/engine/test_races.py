"""Copies that take the same messages lose batches to each other: that is told as what it is, and not as a fault."""

from __future__ import annotations

import logging

import pytest

from tradewind.core.clock import SystemClock
from tradewind.core.store import Raced, RowRefused
from tradewind.engine.dead_letters import DeadLetters, PoisonSearch
from tradewind.engine.subscriptions import RACES, SharedStoreMode


def test_races_in_a_row_are_a_warning_and_a_row_that_is_refused_is_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    mode, search = SharedStoreMode({}, SystemClock()), PoisonSearch(DeadLetters(SystemClock(), ()))
    raced = [mode.lost(Raced("a key is there twice")) for _ in range(RACES)]
    assert {type(one) for one in raced} == {Raced}
    last = mode.lost(Raced("a key is there twice"))
    assert type(last) is RowRefused
    for error in (last, RowRefused("too long")):
        search.search(3, error)
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.ERROR]
    assert search
