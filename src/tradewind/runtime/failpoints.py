"""Loads every module that declares a failpoint, so that TRADEWIND_FAIL can name each of them."""

from __future__ import annotations


def load() -> None:
    from ..services.payments.provider import sandbox  # noqa: F401
    from . import migrations  # noqa: F401
    from .processes import service  # noqa: F401
