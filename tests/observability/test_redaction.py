"""What must not be read in a log is not written to it."""

import pytest

from tradewind.observability import logs
from tradewind.observability.logs import REDACTED

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTkyIn0.dGhlIHNpZ25hdHVyZQ"


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "Password",
        "admin_password",
        "passwordHash",
        "token",
        "accessToken",
        "refresh_token",
        "jwt_secret",
        "Authorization",
        "set-cookie",
        "card",
        "cardNumber",
        "card_number",
        "cvc",
        "apiKey",
        "api-key",
        "pan",
        "credentials",
    ],
)
def test_keys_that_hide_their_value(key: str) -> None:
    assert logs.redact({"event": "x", key: "plain"}) == {"event": "x", key: REDACTED}


@pytest.mark.parametrize(
    "key", ["discarded", "status", "order_id", "span", "company", "keyed_by", "passes", "id"]
)
def test_keys_that_do_not(key: str) -> None:
    assert logs.redact({key: "plain"}) == {key: "plain"}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"got {JWT}.", "got [redacted]."),
        ("header Bearer abc.def-123 refused", "header Bearer [redacted] refused"),
        ("paid with tok_insufficient_funds today", "paid with [redacted] today"),
        ("card 4242424242424242 declined", "card [redacted] declined"),
        ("card 4242 4242 4242 4242 declined", "card [redacted] declined"),
        ("card 4242-4242-4242-4242", "card [redacted]"),
        ("amex 378282246310005", "amex [redacted]"),
        ("old visa 4222222222222", "old visa [redacted]"),
        ("postgresql://shop:hunter2@db/shop", "postgresql://shop:[redacted]@db/shop"),
        ("password=hunter2&x=1", "password=[redacted]&x=1"),
        ('{"accessToken": "abc", "a": 1}', '{"accessToken": "[redacted]", "a": 1}'),
    ],
)
def test_values_that_look_like_secrets(text: str, left: str) -> None:
    assert logs.text(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "order 019aa2f0-1234-7123-8123-123456789012 confirmed",
        "019aa2f0123471238123123456789012",
        "at 1795253400001 ms",
        "sku TEA-100",
        "2026-11-21T09:30:00.123Z",
        "12 of 34",
        "total 1234567890.123456",
    ],
)
def test_values_that_do_not(text: str) -> None:
    assert logs.text(text) == text


def test_reaches_into_what_is_nested() -> None:
    event = {
        "body": {
            "items": [{"payment": {"token": "x"}}, f"Bearer {JWT}"],
            "n": 4242424242424242,
            "at": 1795253400000,
        },
        "ok": True,
    }
    body = {
        "items": [{"payment": {"token": REDACTED}}, f"Bearer {REDACTED}"],
        "n": REDACTED,
        "at": 1795253400000,
    }
    assert logs.redact(event) == {"body": body, "ok": True}


def test_bears_whatever_is_logged() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    endless: list[object] = []
    endless.append(endless)
    seen = logs.redact({"broken": Broken(), "endless": endless, "error": ValueError("token=abc")})
    assert seen["broken"] == "<Broken>"
    assert "abc" not in seen["error"]
