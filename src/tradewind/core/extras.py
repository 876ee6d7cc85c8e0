"""Says what to type where a library is missing that only some installations need."""

from __future__ import annotations


class MissingExtra(ValueError):
    """`what` needs a library of the extra `extra`."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what}: pip install 'tradewind[{extra}]'")
