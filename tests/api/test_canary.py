"""What nobody may read is planted in every place where it can come in, and looked for in all that the running shop says and keeps."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.http import Answer
from tests.support.people import PERSONS
from tests.support.poison import Poison
from tests.support.shop import Shop, environment, run, until
from tests.support.shops import OpenShop, furnish

CANARY = "c4nary7f3a"
JWT_SECRET = f"{CANARY}-jwt-secret-of-at-least-32-bytes"
WRONG_PASSWORD, PAYMENT_TOKEN, KEY = f"{CANARY} wrong battery", f"tok_{CANARY}", f"{CANARY}-idempotency-key"
CARD = "4111 1111 1111 1111"
WEBHOOK_SECRET = hmac.digest(JWT_SECRET.encode(), b"tradewind/webhooks", hashlib.sha256)


class Seen:
    """All answers but those whose very purpose is to hand out a token, and the tokens that these handed out."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.answers = shop, list[Answer]()
        self.tokens: dict[str, str] = {}

    def call(self, method: str, path: str, body: Any = None, *, who: str = "ada", **how: Any) -> Answer:
        self.answers.append(self.shop.call(method, path, body, who=who, **how))
        return self.answers[-1]

    def log_in(self, who: str) -> None:
        email, password = PERSONS[who]
        tokens = self.shop.post("/auth/login", {"email": email, "password": password}, who="", status=200, key=KEY + who)
        again = self.shop.post("/auth/refresh", {"refreshToken": tokens["refreshToken"]}, who="", status=200)
        for name, given in ((who, tokens), (f"{who} refreshed", again)):
            self.tokens |= {f"{name}'s {kind}": given[kind] for kind in ("accessToken", "refreshToken")}
        self.call("POST", "/auth/refresh", {"refreshToken": tokens["refreshToken"]}, who="")  # used twice

    def secrets(self) -> dict[str, bytes]:
        """By what they are. Of a signed token the signature is what must not be seen: the rest can be made by anybody."""
        forms = {"raw": WEBHOOK_SECRET, "hex": WEBHOOK_SECRET.hex().encode(), "base64": base64.b64encode(WEBHOOK_SECRET)}
        return {
            "the JWT secret": JWT_SECRET.encode(),
            **{f"the webhook secret, {form}": text for form, text in forms.items()},
            **{f"{who}'s password": person.password.encode() for who, person in PERSONS.items()},
            "a wrong password": WRONG_PASSWORD.encode(),
            "an idempotency key": KEY.encode(),
            **{name: token.rpartition(".")[2].encode() for name, token in self.tokens.items()},
        }


@pytest.fixture(scope="module")
def seen(furnished: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """A day of the shop, with everything in it that can go wrong and mention a secret."""
    from tests.support.keeping import nothing
    from tests.support.people import People

    data = tmp_path_factory.mktemp("canary") / "shop"
    shop = Shop(nothing(data, "sqlite"), People(), jwt_secret=JWT_SECRET, log_level="debug", provider_faults="0.3")
    try:
        shop.start()
        furnish(shop)
        seen = Seen(shop)
        accounts(seen)
        orders(seen)
        nonsense(seen)
        shop.settle()
        bugs(seen)
        yield seen
    finally:
        shop.close()


def accounts(seen: Seen) -> None:
    for who in PERSONS:
        seen.log_in(who)
    seen.call("POST", "/auth/login", {"email": PERSONS["ada"].email, "password": WRONG_PASSWORD}, who="")
    seen.call("POST", "/auth/login", {"email": PERSONS["ada"].email, "password": {"is": WRONG_PASSWORD}}, who="")
    seen.call("POST", "/auth/register", {"email": WRONG_PASSWORD, "name": "x", "password": WRONG_PASSWORD}, who="")
    seen.call("POST", "/auth/register", {"email": "dup@example.com", "name": "x", "password": WRONG_PASSWORD, "role": 1}, who="")
    seen.call("POST", "/auth/register", {"email": PERSONS["bob"].email, "name": "x", "password": WRONG_PASSWORD}, who="", key=KEY)
    seen.call("POST", "/auth/register", {"email": "card@example.com", "name": f"Card {CARD}", "password": WRONG_PASSWORD}, who="")
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
    seen.call("POST", "/orders", {"items": [{"sku": "TEA", "quantity": 1}], "payment": {"token": PAYMENT_TOKEN + " "}})
    seen.call("POST", "/orders", {"items": [{"sku": "TEA", "quantity": 1}], "payment": {"token": PAYMENT_TOKEN, PAYMENT_TOKEN: 1}})


def nonsense(seen: Seen) -> None:
    """The same things where they do not belong."""
    for text in (PAYMENT_TOKEN, WRONG_PASSWORD, JWT_SECRET):
        seen.call("POST", "/orders", f'{{"{text}": '.encode())
        seen.call("POST", "/orders", f'{{"{text}": 1, "{text}": 2}}'.encode())
        seen.call("GET", f"/products?password={text.replace(' ', '+')}", who="")
        seen.call("GET", f"/orders?status={text.replace(' ', '')}", key=text)
        seen.call("GET", "/users/me", who="", headers={"Authorization": f"Bearer {text}"})
        seen.call("GET", "/users/me", who="", headers={"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"})
        seen.call("POST", "/orders", {}, key=text + " ")
    with seen.shop.connect() as connection:
        signed = {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": f"v1,{CANARY}"}
        seen.answers.append(connection.call("POST", "/webhooks/sandbox", {"key": PAYMENT_TOKEN}, headers=signed))


def bugs(seen: Seen) -> None:
    """A handler that breaks, and an event with a payment token that cannot be read: both become dead letters."""
    shop = seen.shop
    poison = Poison(shop)
    text = json.dumps({"type": "payment.requested", "orderId": poison.order_id, "token": PAYMENT_TOKEN, "total": PAYMENT_TOKEN})
    shop.keeping.sql("INSERT INTO {orders.log} SELECT max(seq) + 1, '" + poison.order_id + "', 'payment.requested', '', '" + text
                     + "', '', '', max(at) FROM {orders.log}")  # fmt: skip
    shop.start()
    until(lambda: len([letter for letter in shop.letters() if letter["status"] == "DEAD"]) >= 2, "both are dead letters")
    for letter in shop.letters():
        seen.call("POST", f"/ops/dead-letters/{letter['id']}/replay", who="admin")
    seen.call("GET", "/ops/dead-letters", who="admin")
    seen.call("GET", "/ops/stats", who="admin")


@pytest.fixture(scope="module")
def said(seen: Seen) -> dict[str, bytes]:
    """Everything that leaves the house, by where."""
    shop, data = seen.shop, seen.shop.keeping.data
    with shop.connect() as connection:
        found = {path: connection.call("GET", path).body for path in ("/metrics", "/health/ready", "/openapi.json", "/docs")}
    letters = shop.letters()
    commands = [("audit", "--json"), ("audit",), ("config",), ("config", "--json"), ("stats",), ("dead-letters", "list"),
                ("dead-letters", "show", letters[0]["id"]), ("timeline", letters[0]["key"] or shop.order())]  # fmt: skip
    for words in commands:
        done = run(*words, *(() if "config" in words else ("--data", str(data))), **shop.settings)
        found[" ".join(words)] = (done.stdout + done.stderr).encode()
    found["stdout"], found["stderr"] = data.with_suffix(".out").read_bytes(), shop.log.read_bytes()
    for number, answer in enumerate(seen.answers):
        found[f"answer {number} ({answer.status})"] = answer.body + repr(answer.headers).encode()
    return found


def test_no_secret_leaves_the_house(seen: Seen, said: dict[str, bytes]) -> None:
    leaks = [f"{what} is in {where}" for what, secret in seen.secrets().items() for where, text in said.items() if secret in text]
    leaks += [f"a payment token is in {where}" for where, text in said.items() if PAYMENT_TOKEN.encode() in text]
    assert leaks == []


def test_the_day_was_bad_enough(seen: Seen, said: dict[str, bytes]) -> None:
    """Else the journey would prove less than it says."""
    assert {answer.status for answer in seen.answers} >= {200, 201, 400, 401, 409, 422}
    assert b"Traceback" in said["stderr"]
    assert b"DEAD" in said["dead-letters list"]
    assert len(seen.tokens) == 4 * len(PERSONS)
    assert all(said.values())


def test_no_card_number_is_logged(said: dict[str, bytes]) -> None:
    """It may stand where its owner has written it, in a name or a reason, and nowhere else."""
    places = [where for where in said if not where.startswith(("answer", "timeline"))]
    assert [where for where in places if CARD.encode() in said[where] or CARD.replace(" ", "").encode() in said[where]] == []


def test_no_file_holds_what_opens_a_door(seen: Seen) -> None:
    """Passwords are hashes, sessions are numbers; keys of clients are hashes with a key."""
    files = [path for path in seen.shop.keeping.data.iterdir() if path.is_file()]
    assert {"tradewind.db", "tradewind.db-wal", "provider.db", "operator.json"} <= {path.name for path in files}
    leaks = [f"{what} is in {path.name}" for what, secret in seen.secrets().items() for path in files if secret in path.read_bytes()]
    assert leaks == []
    assert {path.stat().st_mode & 0o077 for path in files if path.name == "operator.json"} == {0}
    assert seen.shop.keeping.data.stat().st_mode & 0o077 == 0


def test_a_payment_token_is_forgotten_once_it_is_settled(seen: Seen) -> None:
    """By the rows that decide. The log keeps what was said for as long as it is kept, and the letters keep what they hold."""
    tables = [name for (name,) in seen.shop.keeping.sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
    holding = {name for name in tables if any(PAYMENT_TOKEN in str(row) for row in seen.shop.keeping.sql(f"SELECT * FROM {name}"))}
    assert holding == {"orders_log", "payments_parked"}


def test_the_login_is_shown_once(new_shop: OpenShop, tmp_path: Path) -> None:
    """A password that the shop has made is on the screen of the first start, and nowhere else."""
    shop = new_shop(empty=True, admin_password="", log_level="debug").start()
    out = shop.keeping.data.with_suffix(".out").read_text()
    password = out.partition("password")[2].split()[0]
    assert shop.sigterm() == 0
    shop.start()
    assert password not in shop.keeping.data.with_suffix(".out").read_text() + shop.log.read_text()
    assert not any(password.encode() in path.read_bytes() for path in shop.keeping.data.iterdir() if path.is_file())
    assert "TRADEWIND_JWT_SECRET" not in environment(**shop.settings)
    key = (shop.keeping.data / "jwt.secret").read_bytes()
    files = [path for path in shop.keeping.data.iterdir() if path.is_file() and path.name != "jwt.secret"]
    assert not any(key in path.read_bytes() for path in files)
    assert (shop.keeping.data / "jwt.secret").stat().st_mode & 0o077 == 0
