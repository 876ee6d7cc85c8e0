"""Calls a running platform as its operator: found through its data folder, with a token that only its owner
can make.
"""

from __future__ import annotations

import http.client
import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from ..apis.v1.settings import V1Settings
from ..apis.v1.tokens import TokenWriter
from ..contracts.users import SessionView
from ..core.store import StoreUnusable
from .config import Config
from .data_lock import holder
from .keys import signing_key

TIMEOUT_S = 30.0
FILE = "operator.json"


class NotReachable(Exception):
    """One line that says why, and what to do."""


class Answer(msgspec.Struct, frozen=True):
    status: int
    body: Any


def running(data: Path) -> str | None:
    """The URL of the platform that uses this folder, or None."""
    found = holder(data)
    return found.url if found is not None and found.url else None


def call(
    url: str, method: str, path: str, body: Any = None, token: str = "", headers: dict[str, str] | None = None
) -> Answer:
    """One request. Errors: NotReachable."""
    place = urlsplit(url)
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    connection = kind(place.hostname or "", place.port, timeout=TIMEOUT_S)
    sent = dict(headers or {})
    if token:
        sent["Authorization"] = f"Bearer {token}"
    if body is not None:
        sent["Content-Type"] = "application/json"
    try:
        connection.request(method, path, None if body is None else msgspec.json.encode(body), sent)
        response = connection.getresponse()
        content = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise NotReachable(
            f"{url} does not answer ({error}): is it running? `tradewind up` starts it"
        ) from error
    finally:
        connection.close()
    return Answer(response.status, decoded(content))


def decoded(content: bytes) -> Any:
    """A body, as far as it is JSON."""
    try:
        return msgspec.json.decode(content) if content else None
    except msgspec.DecodeError:
        return content.decode(errors="replace")


def log_in(url: str, email: str, password: str) -> str:
    """An access token for a user's password. Errors: NotReachable."""
    answer = call(url, "POST", "/api/v1/auth/login", {"email": email, "password": password})
    if answer.status != 200:
        raise NotReachable(
            f"{url} does not let {email} in: "
            f"{answer.body.get('code') if isinstance(answer.body, dict) else answer.status}"
        )
    token: str = answer.body["accessToken"]
    return token


def operator_token(config: Config) -> str:
    """An access token of the operator of this data folder. Errors: NotReachable."""
    try:
        session = msgspec.json.decode((config.data / FILE).read_bytes(), type=SessionView)
        key = signing_key(config.jwt_secret, config.data)
    except (OSError, msgspec.MsgspecError, StoreUnusable) as error:
        raise NotReachable(
            f"{config.data}: no operator's session there ({error}); has `tradewind up` run on it, by "
            f"this user?"
        ) from error
    settings = V1Settings(jwt_secret=key)
    writer = TokenWriter(key, settings.key("refresh"), settings.access_ttl_s)
    return writer.write(replace(session, at=time.time_ns() // 1_000_000)).access_token


def keep_session(config: Config, session: SessionView) -> None:
    """Leaves the operator's session in the data folder, for its owner alone."""
    path = config.data / FILE
    draft = path.with_suffix(f".{os.getpid()}")  # copies of a process may do so at the same time
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(session))
    draft.replace(path)
