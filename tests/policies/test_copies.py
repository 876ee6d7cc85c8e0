"""Copies of invoices share one series: whichever is killed, and whenever, no number is missing or twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.databases import Place, rows
from tradewind.runtime.schema import schemas

ORDERS = 200


def copy(stack: ExitStack, url: str, *orders: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "tests.policies.invoicer", url, *map(str, orders)]
    started = stack.enter_context(subprocess.Popen(words, stdout=subprocess.PIPE, text=True))
    stack.callback(started.kill)
    return started


def progress(of: subprocess.Popen[str]) -> Iterator[int]:
    assert of.stdout is not None
    for line in of.stdout:
        yield int(line)


@pytest.mark.postgres
@pytest.mark.parametrize("at", [0.9, 0.6])
def test_two_copies_and_a_kill_in_the_middle_leave_no_gap(postgres: Place, at: float) -> None:
    postgres.fill(*schemas(["invoices"]))
    with ExitStack() as stack:
        first, second = (copy(stack, postgres.url, n, ORDERS + 1, 2) for n in (1, 2))
        next(left for left in progress(first) if left < ORDERS / 2 * at)
        first.kill()
        assert first.wait() == -signal.SIGKILL
        third = copy(stack, postgres.url, 1, ORDERS + 1)  # what was not acknowledged, and the rest
        assert [*progress(second)][-1] == [*progress(third)][-1] == 0
        assert (second.wait(60), third.wait(60)) == (0, 0)
    found = rows(
        postgres.url, "SELECT number::int, previous_hash, hash FROM invoices.invoices ORDER BY number::int"
    )
    assert [number for number, _, _ in found] == list(range(1, ORDERS + 1))
    assert [previous for _, previous, _ in found] == ["0" * 64, *[sealed for _, _, sealed in found[:-1]]]
    assert rows(postgres.url, "SELECT next, last_hash FROM invoices.series") == [(ORDERS + 1, found[-1][2])]
