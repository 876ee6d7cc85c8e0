"""A day of the shop with a canary wherever a secret can come in: where it belongs, where it does not, where
things break.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from tests.support.http import Answer
from tests.support.people import PERSONS
from tests.support.poison import Poison
from tests.support.shop import Shop, until

CANARY = "c4nary7f3a"
JWT_SECRET = f"{CANARY}-jwt-secret-of-at-least-32-bytes"
WRONG_PASSWORD, PAYMENT_TOKEN, KEY = f"{CANARY} wrong battery", f"tok_{CANARY}", f"{CANARY}-idempotency-key"
CARD = "4111 1111 1111 1111"
WEBHOOK_SECRET = hmac.digest(JWT_SECRET.encode(), b"tradewind/webhooks", hashlib.sha256)


class Seen:
    """All answers but those whose very purpose is to hand out a token, and the tokens that these handed
    out.
    """

    def __init__(self, shop: Shop) -> None:
        self.shop, self.answers = shop, list[Answer]()
        self.tokens: dict[str, str] = {}

    def call(self, method: str, path: str, body: Any = None, *, who: str = "ada", **how: Any) -> Answer:
        self.answers.append(self.shop.call(method, path, body, who=who, **how))
        return self.answers[-1]

    def log_in(self, who: str) -> None:
        email, password = PERSONS[who]
        tokens = self.shop.post(
            "/auth/login", {"email": email, "password": password}, who="", status=200, key=KEY + who
        )
        again = self.shop.post("/auth/refresh", {"refreshToken": tokens["refreshToken"]}, who="", status=200)
        for name, given in ((who, tokens), (f"{who} refreshed", again)):
            self.tokens |= {f"{name}'s {kind}": given[kind] for kind in ("accessToken", "refreshToken")}
        self.call("POST", "/auth/refresh", {"refreshToken": tokens["refreshToken"]}, who="")  # used twice

    def secrets(self) -> dict[str, bytes]:
        """By what they are. Of a signed token the signature is what must not be seen: the rest can be made by
        anybody.
        """
        forms = {
            "raw": WEBHOOK_SECRET,
            "hex": WEBHOOK_SECRET.hex().encode(),
            "base64": base64.b64encode(WEBHOOK_SECRET),
        }
        return {
            "the JWT secret": JWT_SECRET.encode(),
            **{f"the webhook secret, {form}": text for form, text in forms.items()},
            **{f"{who}'s password": person.password.encode() for who, person in PERSONS.items()},
            "a wrong password": WRONG_PASSWORD.encode(),
            "an idempotency key": KEY.encode(),
            **{name: token.rpartition(".")[2].encode() for name, token in self.tokens.items()},
        }


def accounts(seen: Seen) -> None:
    for who in PERSONS:
        seen.log_in(who)
    seen.call("POST", "/auth/login", {"email": PERSONS["ada"].email, "password": WRONG_PASSWORD}, who="")
    seen.call(
        "POST", "/auth/login", {"email": PERSONS["ada"].email, "password": {"is": WRONG_PASSWORD}}, who=""
    )
    seen.call(
        "POST", "/auth/register", {"email": WRONG_PASSWORD, "name": "x", "password": WRONG_PASSWORD}, who=""
    )
    seen.call(
        "POST",
        "/auth/register",
        {"email": "dup@example.com", "name": "x", "password": WRONG_PASSWORD, "role": 1},
        who="",
    )
    seen.call(
        "POST",
        "/auth/register",
        {"email": PERSONS["bob"].email, "name": "x", "password": WRONG_PASSWORD},
        who="",
        key=KEY,
    )
    seen.call(
        "POST",
        "/auth/register",
        {"email": "card@example.com", "name": f"Card {CARD}", "password": WRONG_PASSWORD},
        who="",
    )
    seen.call("POST", "/auth/refresh", {"refreshToken": PAYMENT_TOKEN}, who="")
    seen.call("PATCH", "/users/me", {"name": f"Ada {CARD}"})


def orders(seen: Seen) -> None:
    shop = seen.shop
    ids = []
    for token in (PAYMENT_TOKEN, "tok_ok", "tok_webhook", "tok_error_then_ok", "tok_declined"):
        body = {"items": [{"sku": "TEA", "quantity": 1}], "payment": {"token": token}}
        ids.append(seen.call("POST", "/orders", body, key=KEY + token).json["id"])
        seen.call("POST", "/orders", body, key=KEY + token)
        seen.call("POST", "/orders", {**body, "payment": {"token": PAYMENT_TOKEN + "2"}}, key=KEY + token)
    for order_id in ids:
        shop.wait_final(order_id)
        seen.call("GET", f"/orders/{order_id}/timeline")
    seen.call("POST", f"/orders/{ids[1]}/refunds", {"reason": f"paid with {CARD}"}, who="admin", key=KEY)
    seen.call("POST", f"/orders/{ids[3]}/cancel", {"reason": f"card {CARD}"})
    seen.call("POST", "/orders", {"items": [], "payment": {"token": PAYMENT_TOKEN}})
    seen.call(
        "POST",
        "/orders",
        {"items": [{"sku": "TEA", "quantity": 1}], "payment": {"token": PAYMENT_TOKEN + " "}},
    )
    seen.call(
        "POST",
        "/orders",
        {"items": [{"sku": "TEA", "quantity": 1}], "payment": {"token": "tok_ok", "was": PAYMENT_TOKEN}},
    )


def nonsense(seen: Seen) -> None:
    """The same things where they do not belong."""
    for text in (PAYMENT_TOKEN, WRONG_PASSWORD, JWT_SECRET):
        seen.call("POST", "/orders", f'{{"{text}": '.encode())
        seen.call("POST", "/orders", f'{{"{text}": 1, "{text}": 2}}'.encode())
        seen.call("GET", f"/products?password={text.replace(' ', '+')}", who="")
        seen.call("GET", f"/orders?status={text.replace(' ', '')}", key=text)
        seen.call("GET", "/users/me", who="", headers={"Authorization": f"Bearer {text}"})
        seen.call(
            "GET",
            "/users/me",
            who="",
            headers={"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"},
        )
        seen.call("POST", "/orders", {}, key=text + " ")
    with seen.shop.connect() as connection:
        signed = {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": f"v1,{CANARY}"}
        seen.answers.append(
            connection.call("POST", "/webhooks/sandbox", {"key": PAYMENT_TOKEN}, headers=signed)
        )


def bugs(seen: Seen) -> None:
    """A handler that breaks, and an event with a payment token that cannot be read: both become dead
    letters.
    """
    shop = seen.shop
    poison = Poison.plant(shop)
    text = json.dumps(
        {
            "type": "payment.requested",
            "orderId": poison.order_id,
            "token": PAYMENT_TOKEN,
            "total": PAYMENT_TOKEN,
        }
    )
    shop.keeping.sql(
        "INSERT INTO {orders.log} SELECT max(seq) + 1, '"
        + poison.order_id
        + "', 'payment.requested', '', '"
        + text
        + "', '', '', max(at) FROM {orders.log}"
    )
    shop.start()
    until(
        lambda: len([letter for letter in shop.letters() if letter["status"] == "DEAD"]) >= 2,
        "both are dead letters",
    )
    for letter in shop.letters():
        seen.call("POST", f"/ops/dead-letters/{letter['id']}/replay", who="admin")
    seen.call("GET", "/ops/dead-letters", who="admin")
    seen.call("GET", "/ops/stats", who="admin")
