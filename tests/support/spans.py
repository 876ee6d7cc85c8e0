"""The collector of the tests in a thread of its own, for processes that outlive a test and its loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from tests.support.apart import wait
from tests.support.collector import Collector

Span = dict[str, Any]


class Spans:
    """`with Spans() as spans:` listens; `spans.url` is what OTEL_EXPORTER_OTLP_ENDPOINT takes."""

    def __enter__(self) -> Spans:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._collector = Collector()
        self._do(self._collector.__aenter__())
        self.url = self._collector.url
        return self

    def __exit__(self, *error: object) -> None:
        self._do(self._collector.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def trace(self, trace_id: str, enough: Callable[[list[Span]], object]) -> list[Span]:
        """The spans of a trace, once there are enough of them."""

        def look() -> tuple[list[Span]] | None:
            found = self._collector.trace(trace_id)
            return (found,) if enough(found) else None

        try:
            found = wait(look, "its spans have come")
            assert found is not None
            return found[0]
        except AssertionError as error:
            raise AssertionError(
                [(span["name"], span["resource"]["service.name"]) for span in self._collector.trace(trace_id)]
            ) from error

    def named(self, name: str, which: Callable[[Span], object]) -> list[Span]:
        """Those with this name, once there is one."""
        return wait(
            lambda: [span for span in tuple(self._collector.spans) if span["name"] == name and which(span)],
            name,
        )
