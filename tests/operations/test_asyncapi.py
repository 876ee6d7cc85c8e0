"""The description of the events is whole: every event, its speaker, its hearers, and no reference into the
void.
"""

from typing import Any

import jsonschema_rs
import msgspec
import pytest

from tradewind.contracts.orders import OrderConfirmed, OrderView, PlaceOrder
from tradewind.contracts.values import Money
from tradewind.core.model import Context, Effects, Message, Service, on, wire_name
from tradewind.operations import asyncapi
from tradewind.operations import message_shapes as wire
from tradewind.runtime import registry
from tradewind.runtime.config import defaults

EVENTS = {wire_name(event): speaker for speaker, event in wire.events()}
DOCUMENT = asyncapi.document({"order.confirmed": ["inventory", "invoices"]})


def ignore(message: Message, now: Context) -> Effects[None]:
    yield from ()


def target(ref: str) -> Any:
    node: Any = DOCUMENT
    for part in ref.removeprefix("#/").split("/"):
        node = node[part]
    return node


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [ref for item in node for ref in references(item)]
    if not isinstance(node, dict):
        return []
    here = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return here + [ref for item in node.values() for ref in references(item)]


def test_is_asyncapi_3() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    assert all(target(ref) for ref in references(DOCUMENT))
    assert msgspec.json.decode(asyncapi.asyncapi_json()).keys() == DOCUMENT.keys()


def test_every_event_has_a_channel_and_its_speaker() -> None:
    assert len(EVENTS) > 15
    assert DOCUMENT["channels"].keys() == DOCUMENT["components"]["messages"].keys() == EVENTS.keys()
    for name, speaker in EVENTS.items():
        assert DOCUMENT["operations"][f"{speaker}.says.{name}"]["action"] == "send"
        assert DOCUMENT["channels"][name]["address"] == name


def test_hearers_receive() -> None:
    heard = [name for name, operation in DOCUMENT["operations"].items() if operation["action"] == "receive"]
    assert heard == ["inventory.hears.order.confirmed", "invoices.hears.order.confirmed"]


def test_hearers_are_those_of_the_shop_unless_named() -> None:
    assert asyncapi.document()["operations"]["payments.hears.payment.requested"]["action"] == "receive"


def test_hearers_are_read_from_the_services_rules() -> None:
    listener = Service("listener", keeps=[], does=[on(OrderConfirmed, ignore), on(PlaceOrder, ignore)])
    assert wire.hearers([listener]) == {"order.confirmed": ["listener"]}


def test_a_payload_is_what_is_sent() -> None:
    event = OrderConfirmed("o", "c", Money(1999, "EUR"))
    shape = {
        **DOCUMENT["components"]["messages"]["order.confirmed"]["payload"],
        "components": DOCUMENT["components"],
    }
    check = jsonschema_rs.Draft202012Validator(shape)
    assert check.is_valid(msgspec.to_builtins(event))
    assert not check.is_valid(msgspec.to_builtins(event) | {"type": "order.failed"})
    assert DOCUMENT["components"]["messages"]["order.confirmed"]["x-key"] == "orderId"


def test_shapes_read_as_a_person_would_say_them() -> None:
    told = wire.shape(OrderView)
    assert told["fields"]["status"] == "'CANCELLED' | 'CONFIRMED' | 'FAILED' | 'PENDING'"
    assert told["fields"]["total"] == {"amount": "integer", "currency": "text"}
    assert told["fields"]["failure"]["anyOf"][1] == "null"


@pytest.mark.parametrize(
    ("api", "body"),
    [
        ("contracts", {"orderId": "o", "amount": 5, "customer": {"id": "c"}}),
        (
            "invoicing",
            {"pattern": "orders.created", "data": {"orderId": "o", "amount": 5, "customer": {"id": "c"}}},
        ),
    ],
)
def test_what_is_published_has_the_form_of_others(api: str, body: Any) -> None:
    told = asyncapi.document({}, registry.channels([api], defaults()))
    channel, message = (told["channels"]["order.created"], told["components"]["messages"]["order.created"])
    assert (channel["address"], message["name"]) == ("orders", "orders.created")
    assert channel["bindings"]["amqp"]["queue"]["durable"]
    check = jsonschema_rs.Draft202012Validator({**message["payload"], "components": told["components"]})
    assert check.is_valid(body)
    assert not check.is_valid({**body, "customer": 7, "data": 7})


def test_a_topic_of_kafka_is_described_as_one() -> None:
    told = asyncapi.document({}, registry.channels(["events"], defaults()), "kafka")
    for event, topic in (("user.registered", "user.created"), ("payment.failed", "payment.completed")):
        channel = told["channels"][event]
        assert (channel["address"], channel["bindings"]) == (topic, {"kafka": {"topic": topic}})
