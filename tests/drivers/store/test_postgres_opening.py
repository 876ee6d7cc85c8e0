"""A PostgreSQL that is not as the settings say, or that somebody else uses: one line says why, and what to
do.
"""

import asyncio
from urllib.parse import urlsplit

import pytest

from tests.drivers.store.servers import Wire
from tests.drivers.store.test_postgres_trouble import again
from tests.support.databases import Place
from tradewind.core.store import StoreUnavailable, StoreUnusable
from tradewind.drivers.postgres.shared import SharedStore
from tradewind.drivers.postgres.store import PostgresStore

pytestmark = pytest.mark.postgres


async def test_two_on_one_database(wired: PostgresStore, wire: Wire, postgres: Place) -> None:
    with pytest.raises(StoreUnusable, match="another tradewind is running on this database"):
        await PostgresStore(postgres.url).open()
    with pytest.raises(StoreUnusable, match="another tradewind is running on this database"):
        await SharedStore(postgres.url).open()

    other = PostgresStore(postgres.url)
    wire.cut()
    await asyncio.sleep(0.1)
    await other.open()  # it came between: ours waits until it goes
    with pytest.raises(StoreUnavailable):
        await wired.begin()
    with pytest.raises(StoreUnavailable, match="another tradewind"):
        await wired.begin()
    await other.close()
    await again(wired, "b", within=2)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"path": "/no_such_database"}, "there is no such database: create it"),
        ({"netloc": "no-such-host.invalid:5432"}, "there is no such host: correct the database's URL"),
        ({"netloc": "postgres@127.0.0.1:1"}, "it cannot be reached: start PostgreSQL"),
        ({"netloc": "nobody_known@{at}"}, "wrong user or password"),
        ({"query": "sslmode=nonsense"}, "sslmode"),
        ({"netloc": "postgres@127.0.0.1:port"}, "TRADEWIND_DATABASE_URL"),
    ],
)
async def test_what_cannot_be_opened_says_why_in_one_line(
    postgres_url: str, change: dict[str, str], says: str
) -> None:
    parts = urlsplit(postgres_url)
    at = f"{parts.hostname}:{parts.port}"
    url = parts._replace(**{name: value.format(at=at) for name, value in change.items()}).geturl()
    with pytest.raises(StoreUnusable, match=says) as refused:
        await PostgresStore(url.replace("postgres@", "postgres:s3cret@")).open()
    assert "s3cret" not in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_something_that_is_not_postgresql(impatient: None) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(StoreUnusable, match="the database's URL"):
            await PostgresStore(f"postgresql://127.0.0.1:{port}/x").open()
