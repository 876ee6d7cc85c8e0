"""The published figures, to the millisecond."""

import pytest

from tradewind.apis.kernel.resilience.presets import READ, WRITE, backing_off


def test_reads_time_out_after_5000_ms_and_are_tried_again_after_300_600_and_1200_ms() -> None:
    assert READ.timeout_s == 5.0
    assert READ.delays == (0.3, 0.6, 1.2)


def test_writes_time_out_after_10000_ms_and_are_tried_again_once_after_500_ms() -> None:
    assert WRITE.timeout_s == 10.0
    assert WRITE.delays == (0.5,)


def test_one_deadline_is_what_the_published_figures_add_up_to() -> None:
    assert READ.deadline_s == pytest.approx(4 * 5.0 + 0.3 + 0.6 + 1.2)
    assert WRITE.deadline_s == pytest.approx(2 * 10.0 + 0.5)
    assert backing_off(1.0, 0, 0.3).deadline_s == 1.0
