"""A broker that dies, hangs, or answers nothing, and one that wants TLS and a login."""

from __future__ import annotations

import asyncio
import time

import msgspec
import pytest

from tests.drivers.kafka.support import Ends, noted, tell, until
from tests.support.kafka import KafkaNode
from tools.servers.kafka import PASSWORD, USER
from tradewind.drivers.kafka.servers import Servers

pytestmark = pytest.mark.kafka


def secured(node: KafkaNode, mechanism: str) -> Servers:
    return Servers(node.secure_brokers, "sasl_ssl", mechanism, USER, PASSWORD, str(node.authority))


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
async def test_with_tls_and_a_login(node: KafkaNode, topic: str, mechanism: str) -> None:
    ends = Ends(secured(node, mechanism), topic)
    publisher = await ends.publisher()
    await ends.subscriber()
    await tell(publisher, noted("p", 1))
    await until(lambda: ends.ids == ["p-1"], "the event")
    await ends.close()


@pytest.mark.parametrize(
    ("changed", "said"), [({"password": "wrong"}, "uthentication"), ({"authority": ""}, "certificate")]
)
async def test_who_does_not_log_in_or_trusts_nobody_is_told_why(
    node: KafkaNode, topic: str, changed: dict[str, str], said: str
) -> None:
    ends = Ends(msgspec.structs.replace(secured(node, "PLAIN"), **changed), topic)
    publisher = await ends.publisher(timeout_s=0.1)
    subscriber = await ends.subscriber(timeout_s=0.1)
    await until(lambda: said in publisher.link.missing, "the publisher's reason")
    await until(lambda: said in subscriber.link.missing, "the subscriber's reason")
    assert not publisher.up
    assert not publisher.publish(noted("p", 1), lambda _: None)
    assert not subscriber.link.up
    assert "wrong" not in publisher.link.missing
    await ends.close()


async def test_a_broker_is_killed_and_comes_back(node: KafkaNode, topic: str) -> None:
    ends = Ends(Servers(node.brokers), topic)
    publisher, subscriber = await ends.publisher(), await ends.subscriber()
    await tell(publisher, noted("p", 1))
    await until(lambda: ends.ids == ["p-1"], "the first event")
    await asyncio.to_thread(node.kill)
    try:
        await until(lambda: not publisher.up and not subscriber.link.up, "both know")
        assert not publisher.publish(noted("p", 2), lambda _: None)
    finally:
        await asyncio.to_thread(node.start)
    await tell(publisher, noted("p", 2))
    await until(lambda: "p-2" in ends.ids, "the event after the outage")
    await until(lambda: subscriber.link.up, "the subscriber is up again")
    await ends.close()


async def test_a_broker_hangs_and_goes_on(node: KafkaNode, topic: str) -> None:
    """Nothing counts as sent, and what was in doubt is told again."""
    ends = Ends(Servers(node.brokers), topic)
    publisher = await ends.publisher()
    await ends.subscriber()
    outcome: list[str] = []
    node.freeze()
    try:
        assert publisher.publish(noted("p", 1), outcome.append)
        await until(lambda: outcome, "an outcome")
    finally:
        node.thaw()
    assert outcome[0]
    await tell(publisher, noted("p", 1))
    await tell(publisher, noted("p", 2))
    await until(lambda: "p-2" in ends.ids, "the events")
    assert list(dict.fromkeys(ends.ids)) == ["p-1", "p-2"]
    await ends.close()


async def test_who_answers_nothing_is_waited_for_and_holds_up_no_stop(topic: str) -> None:
    taken: list[asyncio.StreamWriter] = []

    def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.append(writer)

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    ends = Ends(Servers(f"127.0.0.1:{port}"), topic)
    publisher = await ends.publisher(timeout_s=0.2)
    subscriber = await ends.subscriber(timeout_s=0.2)
    await until(lambda: "does not answer" in publisher.link.missing, "the publisher's reason")
    await until(lambda: "does not answer" in subscriber.link.missing, "the subscriber's reason")
    assert not publisher.up
    assert not subscriber.link.up
    began = time.monotonic()
    await ends.close()
    assert time.monotonic() - began < 15
    server.close()
    for one in taken:
        one.close()
    await server.wait_closed()
