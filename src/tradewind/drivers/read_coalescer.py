"""Lets reads of single rows at the same time share one statement: a round trip for all costs hardly more than
for one.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import Any

from ..core.store import StoreUnavailable

AT_ONCE = 2
"""Reads under way, a statement; those that come meanwhile share the next one."""
MOST = 256
_BY_KEY = r"SELECT (?P<first>\S+), .*\bWHERE (?P<key>\S+) = {}(::\w+)?"


@lru_cache(maxsize=2_000)
def by_key(text: str, hole: str, among: str) -> str:
    """The same select for many keys, where `text` finds rows by the column that it shows first; else
    nothing. `hole` and `among` are a dialect's words for one argument, and for one of many.
    """
    found = re.fullmatch(_BY_KEY.format(re.escape(hole)), text.strip(), re.DOTALL)
    if found is None or found["first"] != found["key"]:
        return ""
    return f"{text.strip()[: found.start('key')]}{found['key']} {among}"


class ReadCoalescer:
    """`fetch` runs a statement with one argument, the list of keys; the first column of its rows is the
    key.
    """

    def __init__(self, fetch: Callable[[str, list[str]], Awaitable[Iterable[Any]]]) -> None:
        self._fetch = fetch
        self._wanted: dict[str, dict[str, list[asyncio.Future[list[Any]]]]] = {}
        self._under_way: dict[str, set[asyncio.Task[None]]] = {}

    def read(self, text: str, key: str) -> asyncio.Future[list[Any]]:
        """The rows under this key. Errors: whatever `fetch` raises."""
        future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._wanted.setdefault(text, {}).setdefault(key, []).append(future)
        self._go_on(text)
        return future

    def _go_on(self, text: str) -> None:
        tasks = self._under_way.setdefault(text, set())
        if self._wanted.get(text) and len(tasks) < AT_ONCE:
            task = asyncio.get_running_loop().create_task(self._read(text))
            tasks.add(task)
            task.add_done_callback(lambda done: self._ended(text, done))

    def _ended(self, text: str, task: asyncio.Task[None]) -> None:
        self._under_way[text].discard(task)
        self._go_on(text)

    async def _read(self, text: str) -> None:
        wanted = self._wanted.pop(text, {})
        for key in list(wanted)[MOST:]:
            self._wanted.setdefault(text, {})[key] = wanted.pop(key)
        found: dict[str, list[Any]] = {key: [] for key in wanted}
        try:
            for row in await self._fetch(text, list(wanted)) if wanted else ():
                found[row[0]].append(row)
        except Exception as error:  # the caller gets it, whatever it is
            _tell(wanted, error)
        except BaseException:
            _tell(wanted, StoreUnavailable("the store is closing"))
            raise
        for key, waiting in wanted.items():
            for future in waiting:
                if not future.done():
                    future.set_result(found[key])


def _tell(wanted: dict[str, list[asyncio.Future[list[Any]]]], error: Exception) -> None:
    for waiting in wanted.values():
        for future in waiting:
            if not future.done():
                future.set_exception(error)
