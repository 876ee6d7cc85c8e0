"""Serves the sandbox payment provider over HTTP: one ledger for all copies of payments, with webhooks to the
front of the blueprint.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from ...core.http import Request, Response
from ...drivers.http.client import PooledClient
from ...drivers.http.limits import Limits
from ...drivers.http.server import HttpServer
from ...drivers.http.writing import Writer
from ...services.payments.provider.sandbox import Sandbox
from ...services.payments.provider.server import NOTHING, ProviderServer
from ..keys import webhook_secret
from ..webhook_sender import WebhookSender
from .component import Front
from .context import Context

LEDGER = "provider.db"


class LosingWriter(Writer):
    """Writes nothing where the provider says nothing: the connection just ends."""

    def encode(self, request: Request, answer: Response, close: bool) -> bytes:
        return b"" if answer is NOTHING else super().encode(request, answer, close)


def provider_http(handler: Callable[[Request], None]) -> HttpServer:
    """A server that can lose an answer."""
    return HttpServer(handler, Limits(), writer=LosingWriter(time.time))


def provider_front(context: Context) -> Front:
    """Where it listens is a setting, as payments must know it too."""
    config = context.config
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = "127.0.0.1" if config.host in ("0.0.0.0", "::", "") else config.host
    client = PooledClient()
    sandbox = Sandbox(
        config.data / LEDGER,
        clock=context.clock.now,
        random=context.clock.random,
        secret=webhook_secret(context.key()),
        deliver=WebhookSender(lambda: (place, config.port), client),
        timeout_s=config.provider_timeout_s,
        faults=config.provider_faults,
    )

    async def close() -> None:
        await sandbox.close()
        await client.close()

    where = urlsplit(config.provider_url)
    return Front(
        provider_http(ProviderServer(sandbox)),
        where.hostname or "127.0.0.1",
        where.port or 80,
        opened=sandbox.start,
        close=close,
    )
