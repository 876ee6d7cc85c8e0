"""Only the provider's own words are taken, as often as it says them and done once."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest

from tests.apis.v1.fakes import WEBHOOK, Shop, refusal, uuid
from tradewind.contracts.payments import ProviderReported
from tradewind.contracts.users import Nothing

PATH = "/webhooks/sandbox"
BODY = b'{"type":"charge.succeeded","key":"%b","chargeId":"ch_1","amount":5}' % uuid(6).encode()


def sign(
    shop: Shop, body: bytes = BODY, id: str = "msg_1", at: int | None = None, secret: bytes = WEBHOOK
) -> dict[str, str]:
    at = shop.clock.at // 1_000 if at is None else at
    digest = base64.b64encode(
        hmac.digest(secret, b"%b.%d.%b" % (id.encode(), at, body), hashlib.sha256)
    ).decode()
    return {"webhook-id": id, "webhook-timestamp": str(at), "webhook-signature": f"v1,{digest}"}


def test_a_report_is_handed_on_and_claimed_by_its_id() -> None:
    shop = Shop()
    shop.gateway.replies[ProviderReported] = Nothing()
    answer = shop.ask("POST", PATH, BODY, headers=sign(shop))
    assert (answer.status, answer.body) == (204, b"")
    first = shop.gateway.submitted[0]
    assert first.message == ProviderReported(uuid(6), "ch_1")
    shop.clock.at += 60_000
    shop.ask("POST", PATH, BODY, headers=sign(shop))
    shop.ask("POST", PATH, BODY, headers=sign(shop, id="msg_2"))
    _, again, other = shop.gateway.submitted
    assert (again.claim, again.fingerprint) == (first.claim, first.fingerprint)
    assert first.claim not in ("", other.claim)


def test_a_new_secret_may_stand_beside_the_old_one() -> None:
    shop = Shop(webhook_secrets=(b"new", WEBHOOK))
    for secret in (b"new", WEBHOOK):
        assert shop.ask("POST", PATH, BODY, headers=sign(shop, secret=secret)).status == 204
    headers = sign(shop)
    headers["webhook-signature"] = "v1a,xyz v1,bm90aGluZw== " + headers["webhook-signature"]
    assert shop.ask("POST", PATH, BODY, headers=headers).status == 204


def forged(shop: Shop) -> dict[str, tuple[bytes, dict[str, str]]]:
    good, now = sign(shop), shop.clock.at // 1_000
    signature = good["webhook-signature"]
    return {
        "no headers": (BODY, {}),
        "no signature": (BODY, good | {"webhook-signature": ""}),
        "another body": (BODY + b" ", good),
        "another id": (BODY, good | {"webhook-id": "msg_2"}),
        "another time": (BODY, good | {"webhook-timestamp": str(now + 1)}),
        "another secret": (BODY, sign(shop, secret=b"x")),
        "the empty secret": (BODY, sign(shop, secret=b"")),
        "another version": (BODY, good | {"webhook-signature": signature.replace("v1,", "v2,")}),
        "no version": (BODY, good | {"webhook-signature": signature[3:]}),
        "cut": (BODY, good | {"webhook-signature": signature[:-1]}),
        "too old": (BODY, sign(shop, at=now - 301)),
        "too new": (BODY, sign(shop, at=now + 301)),
        "time is no number": (BODY, good | {"webhook-timestamp": "now"}),
        "time is long": (BODY, good | {"webhook-timestamp": "1" * 30}),
        "id with a dot": (BODY, sign(shop, id="msg.1")),
        "too many signatures": (BODY, good | {"webhook-signature": "v1,x " * 16 + signature}),
    }


@pytest.mark.parametrize("name", forged(Shop()))
def test_a_forged_report_is_refused(name: str) -> None:
    shop = Shop()
    body, headers = forged(shop)[name]
    answer = shop.ask("POST", PATH, body, headers=headers)
    assert (answer.status, answer.code) == (401, "invalid_signature")
    assert shop.gateway.submitted == []


def test_without_a_secret_nobody_is_believed() -> None:
    shop = Shop(webhook_secrets=())
    assert shop.ask("POST", PATH, BODY, headers=sign(shop, secret=b"")).status == 401


def test_forgers_are_counted_and_the_provider_is_not() -> None:
    shop = Shop(rate_limit_per_minute=3)
    assert [shop.ask("POST", PATH, BODY).status for _ in range(4)] == [401, 401, 401, 429]
    assert {shop.ask("POST", PATH, BODY, headers=sign(shop)).status for _ in range(10)} == {204}


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 400), (b"{}", 400), (b"\xff", 400), (b'{"type":"charge.noticed"}', 204)],
)
def test_signed_but_not_for_us(body: bytes, status: int) -> None:
    shop = Shop()
    assert shop.ask("POST", PATH, body, headers=sign(shop, body)).status == status
    assert shop.gateway.submitted == []


@pytest.mark.parametrize("reply", [refusal(503, "overloaded"), refusal(404, "not_found")])
def test_what_could_not_be_taken_is_told_so_that_it_comes_again(reply: Any) -> None:
    shop = Shop()
    shop.gateway.replies[ProviderReported] = reply
    assert shop.ask("POST", PATH, BODY, headers=sign(shop)).status == reply.status
