"""Leaving in order, under load; and clients that leave before they are answered."""

from __future__ import annotations

import signal
import socket
import struct
import time

from tests.support.http import request
from tests.support.shop import basket, until
from tests.support.shops import OpenShop
from tests.support.traffic import Deed, Ledger, assert_kept, gather, start

DRAIN_S = 20.0
ABORT = struct.pack("ii", 1, 0)


def test_sigterm_under_load_keeps_what_was_accepted(new_shop: OpenShop) -> None:
    shop = new_shop().start()
    buyers = start(shop, seed=1)
    until(lambda: sum([len(buyer.ledger.deeds) for buyer in buyers]) > 60, "there is traffic")
    began = time.monotonic()
    assert shop.sigterm() == 0
    assert time.monotonic() - began < DRAIN_S
    ledger = gather(buyers)
    assert "is kept" in shop.keeping.data.with_suffix(".out").read_text()
    assert_kept(shop.start(), ledger)


def test_ctrl_c_is_a_way_to_leave_too(new_shop: OpenShop) -> None:
    shop = new_shop().start()
    shop.wait_final(shop.order())
    assert shop.end(signal.SIGINT) == 0
    shop.assert_clean()


def test_a_client_that_leaves_half_way_loses_nothing(new_shop: OpenShop) -> None:
    """The order is there or not; who asks again with the same key gets it, once."""
    shop = new_shop().start()
    deeds = [
        Deed("/orders", basket("tok_charged_no_answer"), "bob", f"leaves-{number}") for number in range(30)
    ]
    for number, deed in enumerate(deeds):
        whole = request("POST", "/api/v1/orders", deed.body, token=shop.token("bob"), key=deed.key)
        with socket.create_connection(("127.0.0.1", shop.port)) as client:
            if number % 3 == 2:  # closes with a reset, not with a goodbye
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
            client.sendall(whole if number % 3 else whole[:-5])
    assert_kept(shop, Ledger(deeds))


def test_a_waiting_client_is_answered_when_the_shop_leaves(new_shop: OpenShop) -> None:
    shop = new_shop().start()
    order = shop.order("tok_never")
    with shop.connect() as connection:
        connection.send(
            "GET", f"/api/v1/orders/{order}", token=shop.token("ada"), headers={"Prefer": "wait=30"}
        )
        until(
            lambda: shop.call("GET", f"/orders/{order}").status == 200,
            "the shop has read what was sent before",
        )
        assert shop.sigterm() == 0
        answer = connection.receive()
    assert (answer.status, answer.json["status"]) == (200, "PENDING")
