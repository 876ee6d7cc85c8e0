"""Moves in and out where a service keeps the documents that a published system has in its collection: they
stay where they are. Those of others are served as they are, and ours are what the others expect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from ..core.store import StoreUnavailable, StoreUnusable
from ..drivers.mongodb.store import MongoStore
from ..runtime.documents import open_documents, published
from .adopt import Adopted, Left
from .export import Exported

SHOWN = 1_000
T = TypeVar("T")


def adopt(url: str, services: Iterable[str], apis: Iterable[str], *, dry_run: bool = False) -> list[Adopted]:
    """Looks at every document, and makes the indexes that are missing. Left is what nobody is shown: a
    document without a whole number where it needs one. Errors: StoreUnusable.
    """
    services, apis = list(services), list(apis)

    async def run(store: MongoStore) -> list[Adopted]:
        found = []
        for one in published(apis):
            if one.service in services:
                count = await store.count(one)
                misfits = await store.misfits(one, SHOWN)
                left = [Left(key, f"{field} is no whole number") for key, field in misfits]
                there = Adopted(one.service, one.collection)
                there.waiting, there.adopted, there.left = count, count - len(left), left
                found.append(there)
        return found

    return _with(url, services, apis, run, makes=not dry_run)


def export(url: str, services: Iterable[str], apis: Iterable[str]) -> list[Exported]:
    """There is nothing to write. Errors: StoreUnusable, where the collection cannot be read."""
    services, apis = list(services), list(apis)

    async def run(store: MongoStore) -> list[Exported]:
        for one in published(apis):
            await store.count(one)
        return [
            Exported(one.service, one.collection, 0, False)
            for one in published(apis)
            if one.service in services
        ]

    return _with(url, services, apis, run, makes=False)


def _with(
    url: str, services: list[str], apis: list[str], run: Callable[[MongoStore], Awaitable[T]], *, makes: bool
) -> T:
    async def opened() -> T:
        store = open_documents(url, services, apis)
        assert isinstance(store, MongoStore)
        try:
            if makes:
                await store.prepare()
            return await run(store)
        except StoreUnavailable as error:
            raise StoreUnusable(str(error)) from error
        finally:
            await store.close()

    return asyncio.run(opened())
