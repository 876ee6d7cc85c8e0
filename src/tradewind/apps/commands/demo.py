"""Placeholder while it is written."""
from .common import fail


def demo() -> None:
    """Not there yet."""
    fail("not there yet", 2)
