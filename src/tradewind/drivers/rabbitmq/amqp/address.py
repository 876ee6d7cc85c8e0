"""Reads the broker's address and our credentials from one URL, and prints it without the password."""

from __future__ import annotations

import ssl
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from .errors import BrokerUnusable

PORTS = {"amqp": 5672, "amqps": 5671}
OPTIONS = ("cafile", "heartbeat")
SETTING = "the broker's URL"  # its variable is the blueprint's


class Address(msgspec.Struct, frozen=True):
    host: str
    port: int
    user: str
    password: str
    vhost: str
    tls: bool
    cafile: str = ""
    heartbeat: int = -1  # s; -1: not given

    @property
    def where(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"RabbitMQ {host}:{self.port}{self.vhost if self.vhost.startswith('/') else '/' + self.vhost}"

    def __repr__(self) -> str:
        return self.where

    def security(self) -> ssl.SSLContext | None:
        """What TLS trusts: the machine's certificates, or those in `cafile`. Errors: BrokerUnusable."""
        if not self.tls:
            return None
        try:
            return ssl.create_default_context(cafile=self.cafile or None)
        except (OSError, ssl.SSLError) as error:
            raise BrokerUnusable(
                f"{SETTING}: cafile {self.cafile} cannot be used: {error.strerror or error}"
            ) from None


def parse(url: str) -> Address:
    """amqp://user:password@host:port/vhost?heartbeat=10, each part percent-encoded. Errors: BrokerUnusable,
    without the password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _wrong("that is no URL") from None
    if parts.scheme not in PORTS:
        raise _wrong("it must begin with amqp:// or amqps://")
    if not parts.hostname:
        raise _wrong("it names no host")
    path = unquote(parts.path[1:])
    if "/" in parts.path[1:]:
        raise _wrong("a / in the name of a vhost is written %2F")
    options: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in OPTIONS or name in options:
            raise _wrong(
                f"{name} is {'there twice' if name in options else 'not known'}; known: {', '.join(OPTIONS)}"
            )
        options[name] = value
    tls, heartbeat = parts.scheme == "amqps", options.get("heartbeat", "-1")
    if "cafile" in options and not tls:
        raise _wrong("cafile is for amqps://")
    if "heartbeat" in options and not (
        heartbeat.isascii() and heartbeat.isdigit() and int(heartbeat) <= 0xFFFF
    ):
        raise _wrong(f"heartbeat={heartbeat} is no number of seconds")
    user = unquote(parts.username) if parts.username is not None else "guest"
    password = (
        unquote(parts.password) if parts.password is not None else "guest" if parts.username is None else ""
    )
    return Address(
        parts.hostname,
        port or PORTS[parts.scheme],
        user,
        password,
        path or "/",
        tls,
        options.get("cafile", ""),
        int(heartbeat),
    )


def _wrong(says: str) -> BrokerUnusable:
    return BrokerUnusable(f"{SETTING}: {says}: write amqp://user:password@host:5672/vhost")
