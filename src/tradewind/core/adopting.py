"""Says how the rows of a published system come over: its API package reads them as records of the contracts,
and each service makes its own rows of a record, so that neither knows the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from .model import Aggregate, Table


class Unfit(Exception):
    """A row that cannot come over; the text says why."""


class Claim(msgspec.Struct, frozen=True):
    """What an API looks for when the idempotency key of an adopted row comes again: then this row is the
    answer.
    """

    id: str
    fingerprint: str


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A published table, which is only read. `schema`: where it is on a server; empty: in that of its
    service.

    `select` is the SQL of its rows, whose first column is `key` as text; it may name {schema}, that of the
    service, and `there`, the table. `make` turns a row into a `record`, with the claim of its idempotency key
    where it had one. Errors: Unfit. `columns` are those without which it is another table.

    `numbered`: the key is an integer, and stays as the number of what is made; then nothing of ours may run
    meanwhile. `kept`: the name that the table has afterwards, where a view of ours takes its own.
    `local_times`: its times have no zone; `select` reads them in that of the session.
    """

    service: str
    table: str
    columns: tuple[str, ...]
    record: type[msgspec.Struct]
    select: str
    make: Callable[..., tuple[Any, Claim | None]]
    key: str = "id"
    key_type: str = "uuid"
    schema: str = ""
    group: str = ""
    numbered: bool = False
    kept: str = ""
    local_times: bool = False


class Adoption(msgspec.Struct, frozen=True):
    """What a service makes of a record, at `now`: its rows, and what it answers to the request that would
    have made them. The first of `tables` knows what is here already; with `series` its rows get the next
    numbers.
    """

    tables: tuple[Table[Any], ...]
    make: Callable[[Any, int], tuple[list[Aggregate], Any]]
    series: str = ""


Adoptions = Mapping[type[msgspec.Struct], Adoption]
