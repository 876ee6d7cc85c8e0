"""What cannot work is said at the start, in one line with the way out, and never with the password."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import which
from urllib.parse import urlsplit

import pytest
from pamqp import commands

from tests.drivers.rabbitmq.support import Kept, until
from tests.support.needs import unmet
from tests.support.proxy import proxy
from tests.support.queues import do, outside
from tradewind.drivers.rabbitmq.amqp import BrokerUnusable, Limits, Link, LinkDown, address

Links = Callable[..., Link]


async def refusal(link: Link) -> str:
    with pytest.raises(BrokerUnusable) as refused:
        await link.start()
    says = str(refused.value)
    assert "\n" not in says
    assert "secret" not in says
    assert not link.up
    return says


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://host", "must begin with amqp://"),
        ("amqp://", "names no host"),
        ("amqp://host:port", "no URL"),
        ("amqp://host/a/b", "%2F"),
        ("amqp://u:secret@host?frame_max=1", "frame_max is not known; known: cafile, heartbeat"),
        ("amqp://host?heartbeat=1&heartbeat=2", "there twice"),
        ("amqp://host?heartbeat=-1", "no number of seconds"),
        ("amqp://host?cafile=x", "for amqps://"),
        ("amqps://u:secret@host?cafile=/none.pem", "cafile /none.pem cannot be used: No such file"),
        ("amqp://u:secret@" + "x" * 70 + ".invalid", "RabbitMQ x"),
    ],
)
async def test_wrong_urls(link: Links, url: str, says: str) -> None:
    assert says in await refusal(link(url))


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("amqp://host", ("host", 5672, "guest", "guest", "/", False)),
        ("amqp://host/", ("host", 5672, "guest", "guest", "/", False)),
        ("amqps://u%40x:p%3Aw@[::1]:99/a%2Fb", ("::1", 99, "u@x", "p:w", "a/b", True)),
        ("amqps://u@host/%2F", ("host", 5671, "u", "", "/", True)),
    ],
)
def test_urls(url: str, wanted: tuple[object, ...]) -> None:
    found = address.parse(url)
    assert (found.host, found.port, found.user, found.password, found.vhost, found.tls) == wanted
    assert not found.password or found.password == "guest" or found.password not in repr(found)


@pytest.mark.rabbitmq
async def test_wrong_credentials_and_vhosts(url: str, link: Links) -> None:
    at = urlsplit(url).netloc.rpartition("@")[2]
    assert "wrong user or password: correct the broker's URL" in await refusal(
        link(f"amqp://guest:secret@{at}")
    )
    assert "rabbitmqctl add_vhost" in await refusal(link(f"amqp://guest:guest@{at}/none"))
    assert "Max length exceeded for virtual_host" in await refusal(
        link(f"amqp://guest:guest@{at}/{'x' * 200}")
    )
    assert "does not speak TLS there: write amqp://" in await refusal(link(f"amqps://{at}"))


@asynccontextmanager
async def saying(words: bytes, *, close: bool = False) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        if not close:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"amqp://u:secret@127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def test_servers_that_are_something_else(link: Links) -> None:
    for words in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"AMQP\x00\x01\x00\x00", b"SSH-2.0-OpenSSH_9.2\r\n"):
        async with saying(words) as url:
            assert "what answers there is not RabbitMQ" in await refusal(link(url))
    async with saying(b"\x15\x03\x03\x00\x02\x02\x0a", close=True) as url:  # an alert, as Erlang sends it
        assert "that port speaks TLS: write amqps://" in await refusal(link(url))
    async with saying(b"", close=True) as url:
        assert "closes the connection without a word" in await refusal(link(url))
    async with saying(b"") as url:
        assert "no answer in time" in await refusal(link(url, limits=Limits(connect_s=0.1)))
    assert "it cannot be reached: start RabbitMQ" in await refusal(link(url))


@pytest.mark.rabbitmq
async def test_what_a_setup_may_not_do(url: str, link: Links, name: str, kept: Kept) -> None:
    first = link(url, setup=kept.consuming(name))
    await first.start()

    async def otherwise(ours: Link) -> None:
        await ours.declare_queue(name, durable=True)

    async def none(ours: Link) -> None:
        await ours.declare_queue(name + ".none", passive=True)

    async def default_exchange(ours: Link) -> None:
        await ours.bind(name, "", "x")

    assert "it exists with other arguments: delete it when it is empty" in await refusal(
        link(url, setup=otherwise)
    )
    assert "a queue is missing: start the service that declares it" in await refusal(link(url, setup=none))
    waiting = link(url, setup=none)
    await waiting.start(patient=True)
    assert not waiting.up and "a queue is missing: start the service that declares it" in waiting.missing
    assert "set_permissions" in await refusal(link(url, setup=default_exchange))
    with pytest.raises(LinkDown, match="a queue is missing"):
        await first.declare_queue(name + ".none", passive=True)
    await until(lambda: first.lives == 2 and first.up)  # a call that fails costs the channel


@pytest.mark.rabbitmq
async def test_a_queue_with_other_arguments_is_waited_for(url: str, link: Links, name: str) -> None:
    """To end would help nobody: whoever starts us again meets the same queue."""
    async with outside(url, mine=(name,)) as other:
        await other.link.declare_queue(name, durable=True, arguments={"x-max-length": 7})

        async def plain(ours: Link) -> None:
            await ours.declare_queue(name, durable=True)

        waiting = link(url, setup=plain)
        await waiting.start(patient=True)
        assert not waiting.up
        for word in ("it exists with other arguments: delete it", "x-max-length", name):
            assert word in waiting.missing
        await until(lambda: waiting.lives > 2)
        await do(other.link, commands.Queue.Delete(queue=name), "Queue.DeleteOk")
        await until(lambda: waiting.up)


@pytest.mark.rabbitmq
async def test_tls(url: str, link: Links, name: str, kept: Kept, tmp_path: Path) -> None:
    if which("openssl") is None:
        unmet("needs openssl")
    for file, host in (("ours", "127.0.0.1"), ("other", "127.0.0.2")):
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        named = [
            "-subj",
            f"/CN={file}",
            "-addext",
            f"subjectAltName=IP:{host}",
            "-keyout",
            f"{file}.key",
            "-out",
            f"{file}.pem",
        ]
        await asyncio.to_thread(
            subprocess.run, [*command.split(), *named], cwd=tmp_path, check=True, capture_output=True
        )
    security = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    security.load_cert_chain(tmp_path / "ours.pem", tmp_path / "ours.key")
    async with proxy(urlsplit(url).port or 5672, security=security) as tls:
        at = f"guest:guest@127.0.0.1:{tls.port}"
        for options in ("", f"?cafile={tmp_path}/other.pem"):
            assert "its certificate is not trusted" in await refusal(link(f"amqps://{at}{options}"))
        assert "wants TLS (amqps://)" in await refusal(link(f"amqp://{at}"))
        named_file = link(f"amqps://{at}?cafile={tmp_path}/ours.pem", setup=kept.consuming(name))
        given = link(f"amqps://{at}", ssl=ssl.create_default_context(cafile=str(tmp_path / "ours.pem")))
        await named_file.start()
        await given.start()
        given.publish("", name, b"x" * 300_000)
        await until(lambda: kept.deliveries)
