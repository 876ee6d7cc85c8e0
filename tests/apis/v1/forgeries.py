"""What somebody might send in place of a token that we wrote: altered, signed otherwise, or signed by us and
wrong in what it says.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt

from tests.apis.v1.fakes import ADMIN, CUSTOMER, SECRET, START, Shop, uuid

SESSION = uuid(0x50)
GOOD: dict[str, Any] = {
    "iss": "tradewind",
    "aud": "tradewind",
    "sub": CUSTOMER,
    "sid": SESSION,
    "role": "customer",
    "iat": START // 1_000,
    "exp": START // 1_000 + 900,
    "jti": f"{SESSION}.1",
}
HEAD = {"alg": "HS256", "typ": "at+jwt"}


def b64(raw: bytes | dict[str, Any]) -> str:
    raw = raw if isinstance(raw, bytes) else json.dumps(raw, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(head: Any = None, claims: Any = None, key: bytes = SECRET, digest: Any = hashlib.sha256) -> str:
    """What somebody would write who can sign; with our key, only the content is wrong."""
    text = f"{b64(HEAD if head is None else head)}.{b64(GOOD if claims is None else claims)}"
    return f"{text}.{b64(hmac.digest(key, text.encode(), digest))}"


def head(**changed: Any) -> str:
    return signed({**HEAD, **changed})


def claims(*without: str, **changed: Any) -> str:
    return signed(claims={name: value for name, value in {**GOOD, **changed}.items() if name not in without})


def twisted(how: Callable[[list[str]], str]) -> str:
    return how(signed().split("."))


def other_last_letter(signature: str) -> str:
    """The same 32 bytes, written with one of the two bits that do not count."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return signature[:-1] + letters[letters.index(signature[-1]) ^ 1]


FORGED = {
    "nothing": "",
    "a word": "token",
    "dots": "..",
    "two parts": ".".join(signed().split(".")[:2]),
    "four parts": signed() + ".x",
    "empty signature": twisted(lambda p: f"{p[0]}.{p[1]}."),
    "short signature": signed()[:-1],
    "long signature": signed() + "A",
    "padded": signed() + "=",
    "space inside": signed().replace(".", ". ", 1),
    "line end": signed() + "\n",
    "nul": signed() + "\0",
    "bytes outside ascii": signed() + "é",
    "same signature written otherwise": twisted(lambda p: f"{p[0]}.{p[1]}.{other_last_letter(p[2])}"),
    "signature of another token": twisted(lambda p: f"{p[0]}.{p[1]}.{claims(sub=ADMIN).split('.')[2]}"),
    "payload of another token": twisted(lambda p: f"{p[0]}.{claims(role='admin').split('.')[1]}.{p[2]}"),
    "another key": signed(key=b"another secret that is long enough for it"),
    "empty key": signed(key=b""),
    "the refresh key": signed(key=Shop().settings.key("refresh")),
    "sha384": signed(digest=hashlib.sha384),
    "sha512": signed(digest=hashlib.sha512),
    "sha1": signed(digest=hashlib.sha1),
    "alg none": f"{b64({'typ': 'at+jwt', 'alg': 'none'})}.{b64(GOOD)}.",
    "alg none, signed": head(alg="none"),
    "alg None": head(alg="None"),
    "alg NONE": head(alg="NONE"),
    "alg nOnE": head(alg="nOnE"),
    "alg empty": head(alg=""),
    "alg null": head(alg=None),
    "alg list": head(alg=["HS256"]),
    "alg hs256": head(alg="hs256"),
    "alg HS384": jwt.encode(GOOD, SECRET * 2, "HS384", headers={"typ": "at+jwt"}),
    "alg HS512": jwt.encode(GOOD, SECRET * 2, "HS512", headers={"typ": "at+jwt"}),
    "alg RS256": head(alg="RS256"),
    "alg ES256": head(alg="ES256"),
    "typ JWT": head(typ="JWT"),
    "typ refresh": head(typ="rt+jwt"),
    "typ AT+JWT": head(typ="AT+JWT"),
    "no typ": signed({"alg": "HS256"}),
    "kid": head(kid="1"),
    "kid as a path": head(kid="../../dev/null"),
    "kid as sql": head(kid="' or 1=1"),
    "jku": head(jku="https://evil.example/keys"),
    "jwk": head(jwk={"kty": "oct", "k": b64(b"mine")}),
    "x5u": head(x5u="https://evil.example"),
    "x5c": head(x5c=["MII"]),
    "crit": head(crit=["exp"]),
    "b64 false": head(b64=False),
    "zip": head(zip="DEF"),
    "cty": head(cty="JWT"),
    "header in another order": signed({"typ": "at+jwt", "alg": "HS256"}),
    "header not an object": signed(b"[]"),
    "header not json": signed(b"{"),
    "payload not json": signed(claims=b"{"),
    "payload a list": signed(claims=b"[]"),
    "payload null": signed(claims=b"null"),
    "payload empty": signed(claims={}),
    "no iss": claims("iss"),
    "no aud": claims("aud"),
    "no sub": claims("sub"),
    "no sid": claims("sid"),
    "no role": claims("role"),
    "no iat": claims("iat"),
    "no exp": claims("exp"),
    "no jti": claims("jti"),
    "iss other": claims(iss="evil"),
    "aud other": claims(aud="evil"),
    "aud list": claims(aud=["tradewind", "evil"]),
    "sub not an id": claims(sub="admin"),
    "sub number": claims(sub=1),
    "sid not an id": claims(sid="x"),
    "role unknown": claims(role="root"),
    "role list": claims(role=["admin"]),
    "one claim more": claims(nbf=0),
    "exp now": claims(exp=START // 1_000),
    "exp past": claims(iat=GOOD["iat"] - 1_800, exp=GOOD["exp"] - 1_800),
    "exp text": claims(exp=str(GOOD["exp"])),
    "exp fraction": claims(exp=GOOD["exp"] + 0.5),
    "exp true": claims(exp=True),
    "lives too long": claims(exp=GOOD["exp"] + 1),
    "ends before it begins": claims(iat=GOOD["exp"] - 10, exp=GOOD["iat"] + 10),
    "from the future": claims(iat=GOOD["iat"] + 100, exp=GOOD["exp"] + 100),
    "iat negative": claims(iat=-1, exp=899),
    "exp endless": claims(exp=10**30),
    "very long": claims(jti="x" * 2_000),
}
