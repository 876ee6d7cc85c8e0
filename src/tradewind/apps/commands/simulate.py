"""Placeholder while it is written."""
from .common import fail


def simulate() -> None:
    """Not there yet."""
    fail("not there yet", 2)
