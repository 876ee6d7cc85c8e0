"""Shops to walk through."""

from tests.support.shops import furnished, kind, new_shop, shop

__all__ = ["furnished", "kind", "new_shop", "shop"]
