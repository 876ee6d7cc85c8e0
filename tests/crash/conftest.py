"""Shops to crash."""

from tests.support.shops import kind, new_shop

__all__ = ["kind", "new_shop"]
