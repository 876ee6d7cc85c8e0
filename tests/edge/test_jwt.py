"""Tokens: which are taken, and what the others are told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.edge.conftest import At, Start
from tests.edge.servers import Upstream, ask

NOW = 1_800_000_000


def part(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(secret: str = "s", alg: str = "HS256", head: dict[str, Any] | None = None, **claims: object) -> str:
    signed = f"{part({'typ': 'JWT', 'alg': alg, **(head or {})})}.{part({'iss': 'shop', **claims})}"
    return f"{signed}.{part(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256))}"


def file(config: str = "", secret: str = "secret: s") -> str:
    return (
        '_format_version: "3.0"\nservices:\n- {name: a, url: "${UPSTREAM}", routes: [{name: r, paths: [/r]}]}\n'
        f"plugins: [{{name: jwt, config: {{{config}}}}}]\n"
        f"consumers:\n- {{username: ann, jwt_secrets: [{{key: shop, {secret}}}]}}\n- {{username: guest}}\n"
    )


BEARER, INVALID = "Bearer", 'Bearer error="invalid_token"'

# config, headers, query, status, body of a refusal, challenge
CASES: list[tuple[str, list[str], str, int, object, str | None]] = [
    ("", [], "", 401, {"message": "Unauthorized"}, BEARER),
    ("", ["Authorization: Basic x"], "", 401, {"message": "Unauthorized"}, BEARER),
    ("", [f"Authorization: Bearer {token()}"], "", 200, None, None),
    ("", [f"Authorization: bearer {token()}"], "", 200, None, None),
    ("", [], f"?jwt={token()}", 200, None, None),
    ("cookie_names: [t]", [f"Cookie: a=1; t={token()}"], "", 200, None, None),
    ("", [f"Cookie: t={token()}"], "", 401, {"message": "Unauthorized"}, BEARER),
    ("header_names: [X-Token]", [f"X-Token: Bearer {token()}"], "", 200, None, None),
    (
        "",
        [f"Authorization: Bearer {token()}"],
        f"?jwt={token(x=1)}",
        401,
        {"message": "Multiple tokens provided"},
        INVALID,
    ),
    (
        "",
        ["Authorization: Bearer x.y"],
        "",
        401,
        {"message": "Bad token; token must contain three parts"},
        INVALID,
    ),
    ("", ["Authorization: Bearer x.y.z"], "", 401, {"message": "Bad token; invalid JSON"}, INVALID),
    ("", [f"Authorization: Bearer {token(secret='t')}"], "", 401, {"message": "Invalid signature"}, INVALID),
    (
        "",
        [f"Authorization: Bearer {token(iss='x')}"],
        "",
        401,
        {"message": "No credentials found for given 'iss'"},
        INVALID,
    ),
    (
        "",
        [f"Authorization: Bearer {token(iss=7)}"],
        "",
        401,
        {"message": "No credentials found for given 'iss'"},
        INVALID,
    ),
    (
        "",
        [f"Authorization: Bearer {token(iss='')}"],
        "",
        401,
        {"message": "No mandatory 'iss' in claims"},
        INVALID,
    ),
    ("", [f"Authorization: Bearer {token(alg='none')}"], "", 401, {"message": "Invalid algorithm"}, INVALID),
    ("", [f"Authorization: Bearer {token(alg='HS512')}"], "", 401, {"message": "Invalid algorithm"}, INVALID),
    (
        "",
        [f"Authorization: Bearer {token(alg='none').rpartition('.')[0]}."],
        "",
        401,
        {"message": "Invalid algorithm"},
        INVALID,
    ),
    (
        "",
        [f"Authorization: Bearer {token().rpartition('.')[0]}."],
        "",
        401,
        {"message": "Invalid signature"},
        INVALID,
    ),
    ("key_claim_name: kid", [f"Authorization: Bearer {token(head={'kid': 'shop'})}"], "", 200, None, None),
    ("", [f"Authorization: Bearer {token(exp=1)}"], "", 200, None, None),
    (
        "claims_to_verify: [exp]",
        [f"Authorization: Bearer {token(exp=NOW)}"],
        "",
        401,
        {"exp": "token expired"},
        INVALID,
    ),
    (
        "claims_to_verify: [exp]",
        [f"Authorization: Bearer {token()}"],
        "",
        401,
        {"exp": "must be a number"},
        INVALID,
    ),
    ("claims_to_verify: [exp]", [f"Authorization: Bearer {token(exp=NOW + 1)}"], "", 200, None, None),
    (
        "claims_to_verify: [nbf]",
        [f"Authorization: Bearer {token(nbf=NOW + 5)}"],
        "",
        401,
        {"nbf": "token not valid yet"},
        INVALID,
    ),
    (
        "claims_to_verify: [exp], maximum_expiration: 60",
        *(
            [f"Authorization: Bearer {token(exp=NOW + 61)}"],
            "",
            401,
            {"exp": "exceeds maximum allowed expiration"},
            INVALID,
        ),
    ),
]


@pytest.mark.parametrize(("config", "headers", "query", "status", "body", "challenge"), CASES)
async def test_tokens(
    edge: Start,
    upstream: Upstream,
    clock: At,
    config: str,
    headers: list[str],
    query: str,
    status: int,
    body: object,
    challenge: str | None,
) -> None:
    clock.seconds = NOW
    reply = await ask(await edge(file(config)), "GET", f"/r{query}", *headers, "X-Consumer-Username: root")
    assert (reply.status, reply.header("www-authenticate")) == (status, challenge)
    if status == 401:
        assert json.loads(reply.body) == body
        assert upstream.seen == []
    else:
        assert upstream.last.all("x-consumer-username") == ["ann"]
        assert upstream.last.all("x-credential-identifier") == ["shop"]


async def test_a_secret_in_base64(edge: Start) -> None:
    port = await edge(file("secret_is_base64: true", f"secret: {base64.b64encode(b's??').decode()}"))
    assert (await ask(port, "GET", "/r", f"Authorization: Bearer {token(secret='s??')}")).status == 200


async def test_a_stranger_may_be_somebody_else(edge: Start, upstream: Upstream) -> None:
    port = await edge(file("anonymous: guest"))
    assert (await ask(port, "GET", "/r", "Authorization: Bearer x")).status == 200
    assert upstream.last.header("x-consumer-username") == "guest"
    assert upstream.last.header("x-anonymous-consumer") == "true"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_public_keys(edge: Start, algorithm: str) -> None:
    import jwt

    private: Any = (
        rsa.generate_private_key(65537, 2048)
        if algorithm == "RS256"
        else ec.generate_private_key(ec.SECP256R1())
    )
    pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    text = file("", f"algorithm: {algorithm}, rsa_public_key: '${{PEM}}'")
    port = await edge(text, PEM=pem.decode())
    good = jwt.encode({"iss": "shop"}, private, algorithm)
    assert (await ask(port, "GET", "/r", f"Authorization: Bearer {good}")).status == 200
    bad = good[:-6] + ("AAAAAA" if not good.endswith("AAAAAA") else "BBBBBB")
    assert (await ask(port, "GET", "/r", f"Authorization: Bearer {bad}")).status == 401
    # the public key as a shared secret: the algorithm is the credential's, not the token's
    assert (await ask(port, "GET", "/r", f"Authorization: Bearer {token(secret=pem.decode())}")).status == 401


async def test_a_key_or_a_token(edge: Start, upstream: Upstream) -> None:
    text = (
        file("anonymous: guest")
        .replace("plugins: [", "plugins: [{name: key-auth, config: {anonymous: guest}}, ")
        .replace("{username: ann,", "{username: ann, keyauth_credentials: [{key: k}],")
    )
    port = await edge(text)
    for headers, who in (
        (["apikey: k"], "ann"),
        ([f"Authorization: Bearer {token()}"], "ann"),
        ([], "guest"),
    ):
        assert (await ask(port, "GET", "/r", *headers)).status == 200
        assert upstream.last.all("x-consumer-username") == [who]
