"""Takes a database URL as hosted PostgreSQL and other drivers write it, and gives asyncpg what it knows.

A word that only another driver knows (Prisma's `schema`, `pgbouncer`, `connection_limit`, libpq's
`channel_binding`) is dropped and named once in the log: asyncpg would send it to the server, which refuses
it.
"""

from __future__ import annotations

import logging
import ssl
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

logger = logging.getLogger(__name__)

PLAIN = (
    "host",
    "port",
    "dbname",
    "database",
    "user",
    "password",
    "passfile",
    "service",
    "krbsrvname",
    "gsslib",
    "options",
    "search_path",
    "TimeZone",
    "timezone",
    "client_encoding",
)
TLS = (
    "sslmode",
    "sslcert",
    "sslkey",
    "sslrootcert",
    "sslcrl",
    "sslpassword",
    "sslnegotiation",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
)
WORDS = frozenset((*PLAIN, *TLS))
SYSTEM = "system"  # the certificates that this machine trusts, as libpq calls them
VERIFIED = ("verify-ca", "verify-full")


class Known(NamedTuple):
    url: str
    tls: ssl.SSLContext | None
    """In place of `sslmode`, where asyncpg would look for a file of certificates that is not there."""


@lru_cache(maxsize=64)
def known(url: str) -> Known:
    """Errors: ValueError."""
    parts = urlsplit(url)
    words = dict(parse_qsl(parts.query, keep_blank_values=True))
    foreign = [name for name in words if name not in WORDS]
    if foreign:
        logger.warning(
            "TRADEWIND_DATABASE_URL: words of other drivers have no effect: %s", ", ".join(sorted(foreign))
        )
    kept = {name: text for name, text in words.items() if name in WORDS and text}
    tls = None
    if kept.get("sslmode") in VERIFIED and _trusts_the_system(kept):
        kept.pop("sslrootcert", None)
        tls = ssl.create_default_context()
        tls.check_hostname = kept.pop("sslmode") == "verify-full"
        if "sslcert" in kept:
            tls.load_cert_chain(
                kept.pop("sslcert"), kept.pop("sslkey", None), password=kept.pop("sslpassword", None)
            )
    return Known(parts._replace(query=urlencode(kept)).geturl(), tls)


def _trusts_the_system(words: dict[str, str]) -> bool:
    if named := words.get("sslrootcert"):
        return named == SYSTEM
    return not (Path.home() / ".postgresql" / "root.crt").exists()
