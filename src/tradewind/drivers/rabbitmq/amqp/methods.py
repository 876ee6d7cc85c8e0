"""The methods that are sent rarely (opening, declaring, subscribing, closing), with pamqp: the one file that
imports it.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from .address import Address
from .errors import BrokerUnusable, Malformed

try:
    from pamqp import base, common, exceptions, frame
    from pamqp.commands import Basic, Channel, Confirm, Connection, Exchange, Queue
except ModuleNotFoundError as missing:
    raise BrokerUnusable("RabbitMQ needs pamqp: pip install 'tradewind[rabbitmq]'") from missing

CAPABILITIES: common.FieldTable = {
    "authentication_failure_close": True,
    "basic.nack": True,
    "connection.blocked": True,
    "consumer_cancel_notify": True,
    "publisher_confirms": True,
}


class Call(NamedTuple):
    """A method and the name of what answers it."""

    frame: bytes
    answer: str


def parse(data: bytes) -> Any:
    """The method in a frame, with its arguments as attributes and its `name`. Errors: Malformed."""
    try:
        return frame.unmarshal(data)[2]
    except (
        exceptions.UnmarshalingException,
        struct.error,
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        AttributeError,
    ) as error:
        raise Malformed(f"a method that cannot be read: {error}") from error


def _call(method: base.Frame, channel: int = 1) -> Call:
    return Call(frame.marshal(method, channel), method.valid_responses[0] if method.valid_responses else "")


def start_ok(address: Address, name: str) -> Call:
    client: common.FieldTable = {
        "product": "tradewind",
        "connection_name": name,
        "capabilities": CAPABILITIES,
    }
    return _call(
        Connection.StartOk(client, "PLAIN", f"\0{address.user}\0{address.password}", "en_US"), 0
    )._replace(answer="Connection.Tune")


def tune_ok(channels: int, most_frame: int, heartbeat: int) -> bytes:
    return _call(Connection.TuneOk(channels, most_frame, heartbeat), 0).frame


def open_vhost(vhost: str) -> Call:
    return _call(Connection.Open(vhost), 0)


def open_channel() -> Call:
    return _call(Channel.Open())


def select_confirms() -> Call:
    return _call(Confirm.Select())


def close() -> Call:
    return _call(Connection.Close(200, "done", 0, 0), 0)


def close_ok() -> bytes:
    return _call(Connection.CloseOk(), 0).frame


def channel_close_ok() -> bytes:
    return _call(Channel.CloseOk()).frame


def qos(prefetch: int) -> Call:
    return _call(Basic.Qos(0, prefetch, False))


def declare_queue(
    name: str,
    durable: bool,
    exclusive: bool,
    auto_delete: bool,
    passive: bool,
    arguments: dict[str, Any] | None,
) -> Call:
    return _call(Queue.Declare(0, name, passive, durable, exclusive, auto_delete, False, arguments or {}))


def declare_exchange(name: str, kind: str, durable: bool) -> Call:
    return _call(Exchange.Declare(0, name, kind, False, durable))


def bind(queue: str, exchange: str, key: str) -> Call:
    return _call(Queue.Bind(0, queue, exchange, key))


def consume(queue: str, consumer: str, no_ack: bool, arguments: dict[str, Any] | None) -> Call:
    return _call(Basic.Consume(0, queue, consumer, False, no_ack, False, False, arguments or {}))


def cancel(consumer: str) -> Call:
    return _call(Basic.Cancel(consumer))
