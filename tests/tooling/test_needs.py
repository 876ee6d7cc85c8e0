"""What is skipped for want of a server is one line at the end, however many tests it is."""

import pytest

from tests.support import needs


def test_reasons_are_counted_most_frequent_first() -> None:
    lines = needs.summary(["Skipped: needs k6", *[f"Skipped: {needs.POSTGRES}"] * 512])
    assert lines == ["needs PostgreSQL, ./dev services up postgres: 512 tests", "needs k6: 1 test"]


def test_what_must_run_is_not_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWIND_REQUIRE_SERVICES", "1")
    with pytest.raises(pytest.fail.Exception, match="needs PostgreSQL"):
        needs.unmet(needs.POSTGRES)
    monkeypatch.delenv("TRADEWIND_REQUIRE_SERVICES")
    with pytest.raises(pytest.skip.Exception, match="needs PostgreSQL"):
        needs.unmet(needs.POSTGRES)
