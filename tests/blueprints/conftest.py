"""Blueprints that nobody publishes: they prove that who serves what, and how it is carried, are free choices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rpc.api import Api
from tests.support.apart import Apart

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    """API rpc and its services in one process, on SQLite; no server is there."""
    home = tmp_path_factory.mktemp("one")
    words = ("up", "--blueprint", str(HERE / "rpc_one.toml"), "--data", str(home / "data"))
    running = Apart(home, words, {"API_GATEWAY_PORT": "0"})
    try:
        found = running.says(r"is up at http://127\.0\.0\.1:(\d+)[\s\S]*Ctrl-C stops it")
        running.ports = {"shop": int(found[1])}
        yield running
        assert running.children == []
        assert running.stop() == 0, running.log.read_text()[-2_000:]
    finally:
        running.close()


@pytest.fixture(scope="module")
def api(one: Apart) -> Api:
    return Api(one.ports["shop"])
