"""How a Redis is reached: with its password, and with TLS where the URL says so."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drivers.redis.conftest import DEADLINE_S, until
from tests.support.certificates import certificate
from tests.support.redis import own_redis
from tools.servers import machine
from tradewind.drivers.redis.link import LOST, RedisLink

pytestmark = pytest.mark.redis


@pytest.fixture
def encrypted() -> Iterator[tuple[int, Path]]:
    """The port of one that speaks TLS, and its certificate."""
    folder = Path(tempfile.mkdtemp(prefix="tradewind-tls-"))
    path, port = certificate(folder), machine.first_free(26_310)
    options = (
        f"tls-port {port}",
        f"tls-cert-file {path}",
        f"tls-key-file {folder / 'key.pem'}",
        "tls-auth-clients no",
    )
    try:
        with own_redis(options):
            yield port, path
    finally:
        shutil.rmtree(folder)


async def test_it_is_encrypted_and_its_certificate_is_checked(encrypted: tuple[int, Path]) -> None:
    port, path = encrypted
    url = f"rediss://:redispass@127.0.0.1:{port}/3"
    link = RedisLink(f"{url}?ssl_ca_certs={path}", answer_s=10.0)
    await link.start(DEADLINE_S)
    await until(lambda: link.up)
    assert await link.ask("SET", "a", "1") is not LOST
    await link.stop()
    unknown = RedisLink(url)
    await unknown.start(0.5)
    assert not unknown.up
    assert await unknown.ask("GET", "a") is LOST
    await unknown.stop()
