"""Opens PostgreSQL sessions with our settings and classifies its errors: the one place to change for another
driver than asyncpg.
"""

from __future__ import annotations

import hashlib
from typing import Any, TypeAlias

from ...core.store import Raced, RowRefused, StoreUnavailable, StoreUnusable
from .. import explain
from ..server_store import place
from .url import known

try:
    import asyncpg
    from asyncpg.connect_utils import SessionAttribute
except ModuleNotFoundError as missing:
    raise StoreUnusable("PostgreSQL needs asyncpg: pip install 'tradewind[postgres]'") from missing

CONNECT_S, STATEMENT_S, IDLE_S = 5, 10, 30
READERS = 4
OURS = int.from_bytes(
    hashlib.sha256(b"tradewind").digest()[:8], signed=True
)  # the lock of who has a database alone; they are per database
LEFT_OVER_S = 3.0  # what the session of a process that was killed may take to end
RACES = ("23505", "40001", "40P01")
TROUBLE = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


async def connect(url: str, *, patience: int = 0, reader: bool = False) -> Connection:
    """A connection with our settings; `patience` (s) where statements may be slow. Errors: StoreUnusable,
    with the way out.
    """
    patience = patience or STATEMENT_S
    settings = {
        "application_name": "tradewind",
        "statement_timeout": f"{patience}s",
        "lock_timeout": f"{min(patience * 500, 60_000)}ms",
        "idle_in_transaction_session_timeout": f"{IDLE_S}s",
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",  # a dead client gives up its locks
        # a plan from when a table was empty scans it when it is full: measured, 7 times slower
        "plan_cache_mode": "force_custom_plan",
        "jit": "off",
    }
    try:
        address = known(url)
        connection = await asyncpg.connect(
            address.url,
            ssl=address.tls,
            timeout=CONNECT_S,
            command_timeout=patience + CONNECT_S,
            statement_cache_size=1_000,
            max_cached_statement_lifetime=0,
            target_session_attrs=SessionAttribute.read_write,
            server_settings=settings,
        )
        # a sum of integers is an integer, as on SQLite
        await connection.set_type_codec(
            "numeric", schema="pg_catalog", encoder=str, decoder=_number, format="text"
        )
        if reader:
            await connection.execute("SET default_transaction_read_only = on")
    except (*TROUBLE, ValueError) as error:
        raise StoreUnusable(f"{where(url)}: {explain.postgres(error)}") from error
    return connection


def pool(url: str) -> Pool:
    """Sessions that only read, each opened when it is first needed."""

    async def reader(*_: Any, **__: Any) -> Connection:
        return await connect(url, reader=True)

    async def keep_settings(_: Any) -> None:
        """What happens to a session that comes back: nothing, which saves a round trip."""

    return asyncpg.create_pool(connect=reader, reset=keep_settings, min_size=0, max_size=READERS)


def where(url: str) -> str:
    """The database, without its password."""
    return place("PostgreSQL", url, 5432)


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def lost(error: Exception) -> bool:
    """Is the connection of no more use? A server that became a standby is as good as gone, and 0A000 are
    plans for older tables.
    """
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "08").startswith(("08", "57P", "25006", "25P03", "0A000"))
    return not isinstance(error, asyncpg.DataError)


def translate_shared(error: Exception) -> Exception:
    """Where others write too: a key that is taken, a deadlock or a lost serialization is a race, and no row's
    fault.
    """
    state = getattr(error, "sqlstate", None) or ""
    return Raced(str(error)) if state in RACES else translate(error)


def translate(error: Exception) -> Exception:
    state = getattr(error, "sqlstate", None) or ""
    if isinstance(error, asyncpg.DataError) or state.startswith(("22", "23", "54")):
        return RowRefused(str(error))
    return StoreUnavailable(str(error) if isinstance(error, StoreUnusable) else explain.postgres(error))
