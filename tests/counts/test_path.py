"""The path of one order through the files, as docs/architecture.md shows it, is the one that an order takes."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import msgspec

import tradewind
from tests.counts.test_orders import SECRET
from tests.operations.audit.shop import ADMIN, Shop, config
from tests.support.http import Connection
from tradewind.apis.v1.app import V1Api
from tradewind.apis.v1.settings import V1Settings
from tradewind.apis.v1.tokens import TokenWriter
from tradewind.contracts.users import AddUser, OpenSession, SessionView
from tradewind.drivers.http.limits import Limits
from tradewind.drivers.http.server import HttpServer

SOURCE = Path(tradewind.__file__).parent
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architecture.md"
FILE = re.compile(r"`([a-z_]+/[\w/]+\.py)`")


def shown() -> list[str]:
    section = PAGE.read_text().partition("## The path of one")[2].partition("\n## ")[0]
    return [name for name in FILE.findall(section) if not name.startswith("tests/")]


@contextmanager
def entered() -> Iterator[set[str]]:
    """The files of the package, of which this thread calls a function."""
    files: set[str] = set()

    def called(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(str(SOURCE)):
            files.add(str(Path(frame.f_code.co_filename).relative_to(SOURCE)))

    sys.setprofile(called)
    try:
        yield files
    finally:
        sys.setprofile(None)


async def test_an_order_takes_the_path_of_the_page(tmp_path: Path) -> None:
    async with Shop(config(tmp_path)) as shop:
        user = await shop.ask(AddUser("ada@example.com", "Ada", "hash", "customer"), ADMIN)
        session = msgspec.convert(await shop.ask(OpenSession(user["id"])), SessionView)
        settings = V1Settings(jwt_secret=SECRET)
        tokens = TokenWriter(SECRET, settings.key("refresh"), settings.access_ttl_s)
        token = tokens.write(session).access_token
        api = V1Api(shop.platform, shop.platform.clock, settings)
        server = HttpServer(api, Limits())
        await server.start("127.0.0.1", 0)
        body = {"items": [{"sku": "TEA", "quantity": 2}], "payment": {"token": "tok_ok"}}

        def send(key: str) -> str:
            with Connection(server.port) as connection:
                headers = {"Idempotency-Key": key}
                answer = connection.call("POST", "/api/v1/orders", body, token=token, headers=headers)
            assert answer.status == 201, answer
            return str(answer.json["id"])

        with entered() as files:
            order = await asyncio.to_thread(send, "order-0001")
            await shop.until(order, "status", "CONFIRMED")
        api.close()
        await server.stop(1)
    assert len(shown()) > 20
    assert [name for name in shown() if name not in files] == []
