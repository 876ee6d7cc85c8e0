"""Knows a client by a key in a header or in the query."""

from __future__ import annotations

from typing import Literal

from ..declared import Block
from ..exchange import Answer, Exchange
from .base import Around, Config, Plugin

NO_KEY, TWICE, WRONG = "No API key found in request", "Duplicate API key found", "Unauthorized"


class KeyAuthConfig(Config, frozen=True):
    key_names: tuple[str, ...] = ("apikey",)
    hide_credentials: bool = False
    anonymous: str = ""
    key_in_header: bool = True
    key_in_query: bool = True
    key_in_body: Literal[False] = False  # a body passes unread
    run_on_preflight: bool = True
    realm: str = ""

    def complaint(self) -> str:
        return "" if self.key_names else "key_names: names none"


class KeyAuth(Plugin):
    name = "key-auth"
    priority = 1250
    config = KeyAuthConfig

    def __init__(self, config: KeyAuthConfig, block: Block, around: Around) -> None:
        self._config, self._keys = config, around.declared.keys
        self._names = [(name, name.lower().encode()) for name in config.key_names]
        self._anonymous = around.declared.consumer(config.anonymous)
        realm = f'Key realm="{config.realm}"' if config.realm else "Key"
        self._challenge = [(b"www-authenticate", realm.encode())]

    def access(self, exchange: Exchange) -> Answer | None:
        if exchange.method == "OPTIONS" and not self._config.run_on_preflight:
            return None
        if self._anonymous is not None and exchange.known:  # another authentication has let it in
            return None
        wrong = self._wrong(exchange)
        if not wrong:
            return None
        if self._anonymous is not None:
            exchange.authenticated(self._anonymous, "")
            return None
        return exchange.refusal(401, wrong, self._challenge)

    def _wrong(self, exchange: Exchange) -> str:
        for name, header in self._names:
            given = (
                [value.decode("utf-8", "replace") for value in exchange.all(header)]
                if self._config.key_in_header
                else []
            )
            if not given and self._config.key_in_query:
                given = exchange.arguments(name)
            if len(given) > 1:
                return TWICE
            if not given:
                continue
            if self._config.hide_credentials:
                exchange.removed.add(header)
                exchange.drop_argument(name)
            if not given[0]:
                return NO_KEY
            found = self._keys.get(given[0])
            if found is None:
                return WRONG
            exchange.authenticated(found.consumer, found.id)
            return ""
        return NO_KEY
