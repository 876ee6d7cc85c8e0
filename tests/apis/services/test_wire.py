"""Every message of the contracts travels on our own wire and comes out as it went in."""

from __future__ import annotations

import msgspec
import pytest

from tradewind.apis.services import wire
from tradewind.apis.services.messages import CONTRACTS, answers, messages_of, service_of
from tradewind.contracts.invoices import ListInvoices
from tradewind.contracts.notifications import ListNotifications
from tradewind.contracts.orders import CancelOrder, Item, ListOrders, PaymentBy, PlaceOrder
from tradewind.contracts.payments import ListPayments
from tradewind.contracts.users import ChangeUser, ListUsers
from tradewind.core.gateway import Reply
from tradewind.core.model import Caller, Message, Query, wire_name
from tradewind.core.request_queue import Malformed

ADA = Caller("ada", "customer")
SERVICES = [module.__name__.rpartition(".")[2] for module in CONTRACTS]
UUID = "0192f0c1-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    "message",
    [
        PlaceOrder((Item(1, sku="TEA"), Item(2, product_id=UUID)), PaymentBy("tok_ok")),
        CancelOrder(UUID),
        ListOrders(),
        ListUsers(),
        ListInvoices(),
        ListInvoices(order_id=UUID, cursor="abc"),
        ListNotifications(),
        ListPayments(),
        ChangeUser(UUID, name="Ada"),
    ],
)
def test_a_message_comes_out_as_it_went_in(message: Message) -> None:
    packed = wire.pack_submission(message, ADA, "claim", "fingerprint", "trace", True)
    sent = wire.read_submission(packed)
    assert msgspec.json.decode(sent.message, type=type(message)) == message
    assert (sent.caller, sent.claim, sent.fingerprint, sent.trace, sent.again) == (
        ADA,
        "claim",
        "fingerprint",
        "trace",
        True,
    )


@pytest.mark.parametrize("reply", [Reply(0, b'{"a":1}'), Reply(404, b'{"code":"not_found"}', True)])
def test_a_reply_keeps_its_bytes(reply: Reply) -> None:
    assert wire.read_reply(wire.pack_reply(reply.status, reply.body, reply.replayed)) == reply


@pytest.mark.parametrize("service", SERVICES)
def test_every_message_has_its_service_and_every_query_its_answer(service: str) -> None:
    own = [kind for kind in messages_of(service) if service_of(kind) == service]
    assert own and len({wire_name(kind) for kind in own}) == len(own)
    if service == "users":
        assert {service_of(kind) for kind in own} == {"users"}
    shown = answers()
    recorded = {wire_name(kind) for kind in own if issubclass(kind, Query) and kind not in shown}
    assert all("recorded" in name for name in recorded), recorded  # of API rpc, whose queues decode nothing


@pytest.mark.parametrize("body", [b"", b"hello", b"[1]", b"[" * 5_000, b'{"operation":"\xff"}'])
def test_what_is_no_request_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        wire.unpack_request(body)
