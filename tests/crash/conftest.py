"""Shops to crash."""

from tests.support.shops import furnished, kind, new_shop

__all__ = ["furnished", "kind", "new_shop"]
