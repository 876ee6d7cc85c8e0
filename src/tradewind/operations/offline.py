"""Answers the operator when the platform is stopped: the same requests, over the store itself, with nothing
else set in motion.
"""

from __future__ import annotations

import asyncio

from ..apis.v1.app import V1Api
from ..apis.v1.settings import V1Settings
from ..core.clock import SystemClock
from ..core.http import Request
from ..core.store import StoreUnusable
from ..engine.observers import Hooks
from ..engine.platform import Platform
from ..runtime.assembly import platform
from ..runtime.config import Config
from ..runtime.data_lock import DataLock
from ..runtime.keys import signing_key
from ..runtime.local import Answer, decoded, operator_token
from ..runtime.stores import open_store
from ..services.payments.provider.absent import NoProvider

__all__ = ["StoreUnusable", "call"]
TIMEOUT_S = 15.0


def call(config: Config, method: str, path: str) -> Answer:
    """One request of the operator. Errors: StoreUnusable, NotReachable."""
    if not config.data.exists():
        raise StoreUnusable(f"{config.data}: no such data folder; name it with --data")
    with DataLock(config.data):
        return asyncio.run(_call(config, method, path))


async def _call(config: Config, method: str, path: str) -> Answer:
    clock = SystemClock()
    made = platform(
        config, open_store(config.database_url, config.data), clock, NoProvider(), hooks=Hooks(perform=False)
    )
    await made.store.open()
    try:
        key = signing_key(config.jwt_secret, config.data)
        api = V1Api(made, clock, V1Settings(jwt_secret=key, rate_limit_per_minute=0, reads_at_once=False))
        target, _, query = path.partition("?")
        token = operator_token(config)
        request = Request(
            method, target, query.encode(), {b"authorization": f"Bearer {token}".encode()}, b"", "127.0.0.1"
        )
        api(request)
        await asyncio.wait_for(_answered(made, request), TIMEOUT_S)
        api.close()
        assert request.answer is not None
        return Answer(request.answer.status, decoded(request.answer.body))
    finally:
        await made.store.close()


async def _answered(made: Platform, request: Request) -> None:
    while request.answer is None:
        if made.processor.inbound.requests:
            await made.processor.step()
        await asyncio.sleep(0.005)
