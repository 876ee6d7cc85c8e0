"""Opens the store of services that have one of documents: what they keep there, and what it looks like for
others.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from ..core.documents import Documents
from ..core.store import Store, StoreUnusable
from ..engine.statements import tables_of
from .registry import APIS, manifest


def published(apis: Iterable[str]) -> list[Documents]:
    """As these APIs have them."""
    modules = dict.fromkeys(APIS[name].documents for name in sorted(apis) if APIS[name].documents)
    return [one for module in modules for one in importlib.import_module(module).DOCUMENTS]


def open_documents(url: str, services: Iterable[str], apis: Iterable[str]) -> Store:
    """Not yet opened. Errors: StoreUnusable."""
    from ..drivers.mongodb.store import MongoStore  # its driver is an extra

    kept, dropped = [], []
    for name in services:
        service = manifest(name)
        if not service.documents:
            raise StoreUnusable(
                f"{name} needs transactions, which a store of documents has not: give it another in [stores]"
            )
        own = tables_of(name)
        kept += [*service.tables.tables.values(), own.parked.rows]
        dropped += [own.inbox.rows, own.cursors]
    return MongoStore(url, kept, dropped, published(apis))
