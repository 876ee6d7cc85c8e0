"""Reads a store of documents for the audit: it has no snapshot, so what is written meanwhile is seen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa

from ...core.store import Store, StoreUnavailable, StoreUnusable
from ...runtime.documents import open_documents


class Looked:
    """As `snapshot.Snapshot`, of what is there now."""

    worked_on = False

    def __init__(self, store: Store) -> None:
        self._store = store

    async def rows(
        self, statement: sa.Select[Any], values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        try:
            return await self._store.rows(statement, values)
        except StoreUnavailable as error:
            raise StoreUnusable(str(error)) from error


@asynccontextmanager
async def looked(url: str, services: Sequence[str], apis: Iterable[str]) -> AsyncIterator[Looked]:
    """Errors: StoreUnusable, here and in `rows`."""
    store = open_documents(url, services, apis)
    try:
        yield Looked(store)
    finally:
        await store.close()
