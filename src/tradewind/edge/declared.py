"""The content of a Kong file after all checks: services, routes, consumers and plugins, each with what it
refers to.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

import msgspec

Algorithm: TypeAlias = Literal["HS256", "RS256", "ES256"]
DEFAULT_PORTS = {"http": 80, "https": 443}


class Service(msgspec.Struct, frozen=True):
    """Where requests go. Times are seconds; `retries` are further attempts to connect."""

    name: str
    id: str
    protocol: str
    host: str
    port: int
    path: str = ""
    retries: int = 5
    connect_s: float = 60.0
    read_s: float = 60.0
    write_s: float = 60.0

    @property
    def authority(self) -> str:
        """The value of Host upstream."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.protocol] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.protocol}://{self.authority}{self.path}"


class Path(msgspec.Struct, frozen=True):
    """A prefix, or where `regex` is there what a path must begin with. `said` is as in the file."""

    said: str
    prefix: str = ""
    regex: re.Pattern[str] | None = None


class Route(msgspec.Struct, frozen=True):
    """`headers` are pairs of a name and its values, all in small letters. Without paths any path fits."""

    name: str
    id: str
    service: Service
    paths: tuple[Path, ...] = ()
    hosts: tuple[str, ...] = ()
    methods: frozenset[str] = frozenset()
    headers: tuple[tuple[bytes, frozenset[bytes]], ...] = ()
    protocols: frozenset[str] = frozenset(("http", "https"))
    strip_path: bool = True
    preserve_host: bool = False
    regex_priority: int = 0
    redirect_status: int = 426


class Consumer(msgspec.Struct, frozen=True):
    id: str
    username: str = ""
    custom_id: str = ""

    @property
    def name(self) -> str:
        return self.username or self.custom_id


class KeyCredential(msgspec.Struct, frozen=True):
    id: str
    key: str
    consumer: Consumer


class JwtCredential(msgspec.Struct, frozen=True):
    """`key` is what the token's claim says; `secret` is the shared one, or a public key in PEM."""

    key: str
    algorithm: Algorithm
    secret: str
    consumer: Consumer


class Block(msgspec.Struct, frozen=True):
    """One plugin as it stands in the file. Empty `service`, `route` and `consumer` (ids): it holds for all of
    them. `place` names it in messages."""

    plugin: str
    id: str
    place: str
    config: msgspec.Struct
    service: str = ""
    route: str = ""
    consumer: str = ""


class Declared(msgspec.Struct, frozen=True):
    """A whole file. `notes` are sentences about what is allowed but probably not meant."""

    file: str
    services: tuple[Service, ...] = ()
    routes: tuple[Route, ...] = ()
    consumers: tuple[Consumer, ...] = ()
    keys: dict[str, KeyCredential] = {}
    tokens: dict[str, JwtCredential] = {}
    blocks: tuple[Block, ...] = ()
    notes: tuple[str, ...] = ()

    def consumer(self, named: str) -> Consumer | None:
        """By id or user name."""
        return next((one for one in self.consumers if named and named in (one.id, one.username)), None)
