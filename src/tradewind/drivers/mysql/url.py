"""Takes a database URL as hosted MySQL and other drivers write it, and gives asyncmy what it knows.

A word that only another driver knows (`connection_limit`, `useSSL`) is dropped and named once in the log.
"""

from __future__ import annotations

import logging
import ssl
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

logger = logging.getLogger(__name__)

MODES = ("DISABLED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
WORDS = ("ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "socket")
"""As MySQL's own clients call them; with `_` for `-` too."""
OTHERS = {"sslmode": "ssl-mode", "sslrootcert": "ssl-ca", "sslcert": "ssl-cert", "sslkey": "ssl-key"}
SAME = {"DISABLE": "DISABLED", "PREFER": "PREFERRED", "REQUIRE": "REQUIRED", "VERIFY_FULL": "VERIFY_IDENTITY"}


class Known(NamedTuple):
    host: str
    port: int
    database: str
    arguments: dict[str, Any]
    """The others of asyncmy's."""

    @property
    def encrypted(self) -> bool:
        return "ssl" in self.arguments


@lru_cache(maxsize=64)
def known(url: str) -> Known:
    """Errors: ValueError, OSError for a file that cannot be read."""
    parts = urlsplit(url)
    words: dict[str, str] = {}
    foreign = []
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        word = name.lower().replace("_", "-")
        word = OTHERS.get(word, word)
        if word in WORDS:
            words[word] = text
        else:
            foreign.append(name)
    if foreign:
        logger.warning(
            "TRADEWIND_DATABASE_URL: words of other drivers have no effect: %s", ", ".join(sorted(foreign))
        )
    database = unquote(parts.path[1:])
    if not database or "/" in database:
        raise ValueError("the URL names no database: mysql://user:password@host:3306/name")
    arguments: dict[str, Any] = {
        "user": unquote(parts.username or "root"),
        "password": unquote(parts.password or ""),
    }
    if socket := words.get("socket"):
        arguments["unix_socket"] = socket
    if (tls := _tls(words)) is not None:
        arguments["ssl"] = tls
    return Known(parts.hostname or "localhost", parts.port or 3306, database, arguments)


def _tls(words: dict[str, str]) -> ssl.SSLContext | None:
    """None: not encrypted, which is so without a word about it. Errors: ValueError, OSError."""
    authority = words.get("ssl-ca", "")
    mode = words.get("ssl-mode", "").upper().replace("-", "_") or ("VERIFY_CA" if authority else "DISABLED")
    mode = SAME.get(mode, mode)
    if mode == "PREFERRED":
        raise ValueError("ssl-mode PREFERRED would also send everything unencrypted: name one of the others")
    if mode not in MODES:
        raise ValueError(f"ssl-mode is one of {', '.join(MODES)}")
    if mode == "DISABLED":
        return None
    context = ssl.create_default_context(cafile=authority or None)
    context.check_hostname = mode == "VERIFY_IDENTITY"
    if mode == "REQUIRED":
        context.verify_mode = ssl.CERT_NONE
    if certificate := words.get("ssl-cert"):
        context.load_cert_chain(certificate, words.get("ssl-key") or None)
    return context
