"""A webhook is believed when one of our secrets signed exactly these bytes, lately."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.services.payments.provider.signatures import BadSignature, sign, verify

# the example of the Standard Webhooks specification
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SECRET = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
NOW = AT * 1_000


def refused(**changed: object) -> str:
    given = {
        "secrets": [SECRET],
        "id": ID,
        "timestamp": str(AT),
        "body": BODY,
        "header": SIGNATURE,
        "now": NOW,
        **changed,
    }
    with pytest.raises(BadSignature) as caught:
        verify(**given)  # type: ignore[arg-type]
    return caught.value.reason


def test_the_example_of_the_specification() -> None:
    assert sign(SECRET, ID, AT, BODY) == SIGNATURE
    verify([SECRET], ID, str(AT), BODY, SIGNATURE, NOW)


def test_a_rotated_secret_on_either_side() -> None:
    verify([b"a new one", SECRET], ID, str(AT), BODY, SIGNATURE, NOW)
    verify([SECRET], ID, str(AT), BODY, f"v1a,ed25519 {sign(b'a new one', ID, AT, BODY)} {SIGNATURE}", NOW)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "no_signature"),
        ("v1a," + SIGNATURE[3:], "no_signature"),
        ("v2," + SIGNATURE[3:], "no_signature"),
        ("v1,", "mismatch"),
        (SIGNATURE[:-2], "mismatch"),
        ("v1,ü\ud800", "mismatch"),
        (" ".join(["v1,x"] * 16 + [SIGNATURE]), "mismatch"),
    ],
)
def test_signatures_that_are_none(header: str, reason: str) -> None:
    assert refused(header=header) == reason


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"secrets": [b"other"]}, "mismatch"),
        ({"secrets": []}, "mismatch"),
        ({"body": b'{"test":2432232314}'}, "mismatch"),
        ({"id": "msg_other"}, "mismatch"),
        ({"id": ""}, "malformed_id"),
        ({"id": f"{ID}.1"}, "malformed_id"),
        ({"timestamp": str(AT + 1)}, "mismatch"),
        ({"timestamp": f"0{AT}"}, "mismatch"),
        ({"timestamp": ""}, "malformed_timestamp"),
        ({"timestamp": "-1"}, "malformed_timestamp"),
        ({"timestamp": "١٢٣"}, "malformed_timestamp"),
        ({"timestamp": "9" * 5_000}, "malformed_timestamp"),
        ({"now": NOW + 301_000}, "too_old"),
        ({"now": NOW - 301_000}, "too_new"),
    ],
)
def test_whatever_is_changed_is_refused(changed: dict[str, object], reason: str) -> None:
    assert refused(**changed) == reason


@pytest.mark.parametrize("off_s", [-300, 300])
def test_five_minutes_are_tolerated(off_s: int) -> None:
    verify([SECRET], ID, str(AT), BODY, SIGNATURE, NOW + off_s * 1_000)


def test_an_empty_secret_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="empty secret"):
        sign(b"", ID, AT, BODY)
    with pytest.raises(ValueError, match="empty secret"):
        verify([b""], ID, str(AT), BODY, SIGNATURE, NOW)


@given(
    st.binary(min_size=1),
    st.text(st.characters(exclude_characters=".", exclude_categories=["Cs"]), min_size=1),
    st.binary(),
)
def test_what_was_signed_verifies_and_nothing_else(secret: bytes, id: str, body: bytes) -> None:
    header = sign(secret, id, AT, body)
    verify([secret], id, str(AT), body, header, NOW)
    with pytest.raises(BadSignature):
        verify([secret], id, str(AT), body + b" ", header, NOW)
