"""The servers of the peer: started as the benches start them."""

import shutil
import tempfile
from pathlib import Path

import pytest

from benchmarks.paths import HERE
from benchmarks.servers.postgres import Postgres
from tests.support.needs import unmet
from tools.servers import postgres


@pytest.mark.postgres
def test_the_database_of_the_peer_is_made() -> None:
    if postgres.binaries() is None:
        unmet("needs a PostgreSQL of its own, ./dev services up --install postgres")
    folder = Path(tempfile.mkdtemp(prefix="tradewind-peer-"))
    folder.chmod(0o755)  # the server's user must come through
    server = Postgres(folder / "postgres", "")
    try:
        server.start(HERE / "peers" / "nestjs-rpc" / "schema.sql")
        assert server.psql("-c", 'SELECT count(*) FROM order_schema."order"') == "0"
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
