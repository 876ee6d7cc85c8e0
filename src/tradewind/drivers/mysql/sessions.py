"""Opens MySQL sessions with our settings and classifies their errors: the one place to change for another
driver than asyncmy.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, TypeAlias

from ...core.store import Raced, RowRefused, StoreUnavailable, StoreUnusable
from .. import explain
from ..server_store import already_running, place
from .url import known

try:
    import asyncmy
    from asyncmy import errors
    from asyncmy.constants import FIELD_TYPE
    from asyncmy.converters import conversions
except ModuleNotFoundError as missing:
    raise StoreUnusable("MySQL needs asyncmy: pip install 'tradewind[mysql]'") from missing

logging.getLogger("asyncmy").setLevel(logging.ERROR)  # it would log each note of the server as a warning

CONNECT_S, STATEMENT_S, IDLE_S = 5, 10, 30
READERS = 4
LEFT_OVER_S = 3.0  # what the session of a process that was killed may take to end
FOR_EVER_S = 31_536_000
SLOTS = 512
"""The connections of processes that may share one database."""
TROUBLE = (errors.MySQLError, OSError)
# a key that is taken, a deadlock, a row that another has changed
RACES = (1062, 1213, 1020)
# what is wrong with a row: a taken key, a missing, too long or too large value, no such character, a check
REFUSED = (1048, 1062, 1264, 1265, 1366, 1364, 1406, 1690, 3819, 4025)
# the server stops, only reads, or has ended the session
LOST = (1040, 1053, 1077, 1079, 1080, 1290, 1792, 1836, 1927, 3169, 4031)
MARIADB, MYSQL = "/*M! {} */", "/*!50720 {} */"
"""A part of a statement that one of the two skips: MariaDB those for MySQL 5.7 and later."""
COLLATION = " ".join((MARIADB.format("utf8mb4_nopad_bin"), MYSQL.format("utf8mb4_0900_bin")))
"""Byte by byte, with the spaces at the end: each has its own name for it."""

Connection: TypeAlias = asyncmy.Connection
Pool: TypeAlias = asyncmy.Pool
Rows: TypeAlias = Sequence[tuple[Any, ...]]


async def connect(url: str, *, patience: int = 0, reader: bool = False) -> Connection:
    """A connection with our settings; `patience` (s) where statements may be slow. Errors: StoreUnusable,
    with the way out.
    """
    try:
        async with asyncio.timeout(CONNECT_S):
            return await asyncmy.connect(**arguments(url, patience, reader))
    except (*TROUBLE, ValueError) as error:
        raise StoreUnusable(f"{where(url)}: {explain.mysql(error)}") from error


def pool(url: str) -> Pool:
    """Sessions that only read, each opened when it is first needed."""
    return Pool(minsize=0, maxsize=READERS, pool_recycle=-1, **arguments(url, reader=True))


def arguments(url: str, patience: int = 0, reader: bool = False) -> dict[str, Any]:
    """What asyncmy opens a connection with. Errors: ValueError, OSError."""
    patience = patience or STATEMENT_S
    address = known(url)
    lock_s = max(1, min(patience // 2, 60))
    values = (
        "autocommit = 1, time_zone = '+00:00', "
        "sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', "
        f"wait_timeout = {FOR_EVER_S}, "  # who waits for work keeps its lock
        f"lock_wait_timeout = {lock_s}, innodb_lock_wait_timeout = {lock_s}"
    )
    theirs = (
        MARIADB.format(
            f", max_statement_time = {patience}, idle_transaction_timeout = {max(IDLE_S, patience)}"
        ),
        MYSQL.format(f", max_execution_time = {patience * 1_000}"),  # of a SELECT
    )
    only = ", READ ONLY" if reader else ""
    told = (
        f"SET NAMES utf8mb4 COLLATE {COLLATION}",
        f"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED{only}",
        f"SET {values} {' '.join(theirs)}",
    )
    return {
        **address.arguments,
        "host": address.host,
        "port": address.port,
        "database": address.database,
        "charset": "utf8mb4",
        "program_name": "tradewind",
        "connect_timeout": CONNECT_S,
        "autocommit": None,  # as it was told
        "init_command": "; ".join(told),
        "conv": DECODERS,
    }


def _number(text: str | bytes) -> int | float:
    """A sum of integers is an integer, as on SQLite."""
    digits = text.decode() if isinstance(text, bytes) else text
    return int(digits) if digits.lstrip("-").isdigit() else float(digits)


DECODERS = {**conversions, FIELD_TYPE.DECIMAL: _number, FIELD_TYPE.NEWDECIMAL: _number}


async def ask(connection: Connection, text: str | bytes, patience: int = 0) -> tuple[Rows, int]:
    """As `run`, with a deadline. A session whose answer was not awaited is closed."""
    async with asyncio.timeout((patience or STATEMENT_S) + CONNECT_S):
        return await run(connection, text)


async def run(connection: Connection, text: str | bytes) -> tuple[Rows, int]:
    """Runs a statement, or several with `;` between: the rows of the last that has any, and how many rows the
    last one changed.
    """
    cursor = connection.cursor()
    changed = await cursor.execute(text)
    rows: Rows = await cursor.fetchall()
    while await cursor.nextset():
        rows, changed = await cursor.fetchall() or rows, connection.affected_rows()
    return rows, changed


async def lock(connection: Connection, url: str, *, shared: bool, wait: float = 0) -> None:
    """Takes the database for this process alone, or as one of those that share it, until the connection ends.
    Errors: StoreUnusable, where another has it.
    """
    clock = asyncio.get_running_loop().time
    until = clock() + wait
    own, slots = locks_of(url)
    while not await _locked(connection, own, slots, shared):
        if clock() >= until:
            raise already_running(where(url))
        await asyncio.sleep(0.05)


async def _locked(connection: Connection, own: str, slots: list[str], shared: bool) -> bool:
    """Each side first takes its lock, then looks for the other's: never do both have theirs."""

    async def true(text: str) -> bool:
        ((said,),) = (await ask(connection, f"SELECT {text}"))[0]
        return bool(said)

    if not shared:
        return await true(f"GET_LOCK('{own}', 0)") and not await true(in_use(slots))
    first = connection.thread_id() % SLOTS
    for slot in slots[first:] + slots[:first]:
        if await true(f"GET_LOCK('{slot}', 0)"):
            if not await true(in_use([own])):
                return True
            await true(f"RELEASE_LOCK('{slot}')")
            return False
    return False


def locks_of(url: str) -> tuple[str, list[str]]:
    """The names of the lock of who has a database alone, and of those that share it. They are a server's."""
    own = f"tw-{blake2b(known(url).database.encode(), digest_size=8).hexdigest()}"
    return own, [f"{own}-{slot}" for slot in range(SLOTS)]


def in_use(names: Sequence[str]) -> str:
    return " OR ".join(f"IS_USED_LOCK('{name}') IS NOT NULL" for name in names)


def where(url: str) -> str:
    """The database, without its password."""
    return place("MySQL", url, 3306)


def code(error: BaseException) -> int:
    """MySQL's number of an error; 0 where it has none."""
    first: object = error.args[0] if isinstance(error, errors.MySQLError) and error.args else 0
    return first if isinstance(first, int) else 0


def lost(error: Exception) -> bool:
    """Is the connection of no more use? Those from 2000 to 2999 are the client's own."""
    number = code(error)
    return number < 1_000 or 2_000 <= number < 3_000 or number in LOST


def translate_shared(error: Exception) -> Exception:
    """Where others write too: a key that is taken or a deadlock is a race, and no row's fault."""
    return Raced(str(error)) if code(error) in RACES else translate(error)


def translate(error: Exception) -> Exception:
    if code(error) in REFUSED:
        return RowRefused(str(error))
    return StoreUnavailable(str(error) if isinstance(error, StoreUnusable) else explain.mysql(error))
