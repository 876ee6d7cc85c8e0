"""Declares every setting in one place: its reader, default, unit and meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec

from ..core import readers

# what a blueprint wires: `stock` holds what is ordered, `payment` charges it, `invoice` and `notification`
# tell of it
REACTIONS = ("stock", "payment", "invoice", "notification")


class Setting(msgspec.Struct, frozen=True):
    """How a text becomes a value. `secret` ones are never shown; `shown` is what may be seen of the text of
    others.
    """

    read: readers.Reader[Any]
    default: str
    unit: str
    doc: str
    secret: bool = False
    shown: readers.Reader[str] = str


class Config(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[
        Path,
        Setting(
            readers.folder,
            "./.tradewind",
            "folder",
            "where the database, the keys and the lock file are kept",
        ),
    ]
    host: Annotated[
        str,
        Setting(readers.word, "127.0.0.1", "address", "where the edge listens; 0.0.0.0 for every interface"),
    ]
    port: Annotated[
        int,
        Setting(readers.whole(0, 65_535), "8080", "port", "where the edge listens; 0 takes any that is free"),
    ]
    database_url: Annotated[
        str,
        Setting(
            readers.database,
            "",
            "URL",
            "empty: one SQLite file in the data folder; postgresql://…: one schema per service",
            shown=readers.without_password,
        ),
    ]
    database_roles: Annotated[
        Literal["on", "off"],
        Setting(
            readers.one_of("on", "off"),
            "off",
            "on or off",
            "up: each service that runs apart has a role of its own at PostgreSQL, which up makes",
        ),
    ]
    admin_email: Annotated[
        str, Setting(readers.email, "", "e-mail", "the first admin; empty: chosen, and printed once")
    ]
    admin_password: Annotated[
        str,
        Setting(
            readers.password,
            "",
            "8..256 characters",
            "the first admin's; empty: generated and printed once",
            secret=True,
        ),
    ]
    jwt_secret: Annotated[
        str,
        Setting(
            readers.key,
            "",
            "32+ bytes",
            "signs the access tokens; empty: generated into the data folder",
            secret=True,
        ),
    ]
    order_deadline_s: Annotated[
        float,
        Setting(
            readers.number(0.1, 30 * 86_400),
            "900",
            "seconds",
            "an order that is not settled by then fails as expired",
        ),
    ]
    rate_limit: Annotated[
        int, Setting(readers.whole(0, 10_000_000), "600", "requests/minute", "of one caller; 0: no limit")
    ]
    log_level: Annotated[
        str,
        Setting(
            readers.one_of("debug", "info", "warning", "error"),
            "info",
            "level",
            "the least that is logged: debug, info, warning, error",
        ),
    ]
    log_format: Annotated[
        Literal["json", "console"],
        Setting(
            readers.one_of("json", "console"),
            "",
            "format",
            "empty: console where stderr is a terminal, else json",
        ),
    ]
    provider_faults: Annotated[
        float,
        Setting(
            readers.number(0, 1),
            "0",
            "share",
            "of the calls to the sandbox provider that fail at random, in any of its ways",
        ),
    ]
    provider_timeout_s: Annotated[
        float,
        Setting(
            readers.number(0.01, 60), "1.0", "seconds", "how long a call to the payment provider may take"
        ),
    ]
    provider_url: Annotated[
        str,
        Setting(
            readers.http,
            "http://127.0.0.1:8090",
            "URL",
            "where the process `provider` listens, and payments finds it where it runs apart",
        ),
    ]
    retry_delays_ms: Annotated[
        tuple[int, ...],
        Setting(
            readers.delays,
            "1000,5000,30000,120000",
            "ms, ms, …",
            "pauses before a failed message is tried again; then it is parked",
        ),
    ]
    retention_days: Annotated[
        int,
        Setting(
            readers.whole(30, 3_650),
            "30",
            "days",
            "how long the inbox (idempotency keys) and the log are kept",
        ),
    ]
    broker_url: Annotated[
        str,
        Setting(
            readers.broker,
            "",
            "URL",
            "the RabbitMQ of a blueprint with several processes: amqp://… or amqps://…; empty: none",
            shown=readers.without_password,
        ),
    ]
    pricing: Annotated[
        Literal["catalogue", "client"],
        Setting(
            readers.one_of("catalogue", "client"),
            "catalogue",
            "who",
            "whose prices count: the catalogue's, or the client's",
        ),
    ]
    reactions: Annotated[
        tuple[str, ...],
        Setting(
            readers.some_of(*REACTIONS),
            ",".join(REACTIONS),
            "name,name,…",
            f"what an order sets off, of {', '.join(REACTIONS)}; or none",
        ),
    ]
    currency: Annotated[
        str,
        Setting(
            readers.currency,
            "EUR",
            "ISO 4217",
            "of amounts that come without one: those of the face rpc, with two decimals",
        ),
    ]
    payment_token: Annotated[
        str,
        Setting(
            readers.word,
            "",
            "token",
            "what the reaction payment charges where an order names none",
            secret=True,
        ),
    ]
    order_queue: Annotated[
        str,
        Setting(readers.queue, "order_queue", "queue", "where orders takes requests in NestJS's wire format"),
    ]
    inventory_queue: Annotated[
        str,
        Setting(
            readers.queue,
            "inventory_queue",
            "queue",
            "where inventory takes requests in NestJS's wire format",
        ),
    ]
    payment_queue: Annotated[
        str,
        Setting(
            readers.queue, "payment_queue", "queue", "where payments takes requests in NestJS's wire format"
        ),
    ]
    event_exchange: Annotated[
        str,
        Setting(
            readers.queue,
            "tradewind.events",
            "exchange",
            "where events go, and how the queues of who listens begin: one a system",
        ),
    ]
    queue_type: Annotated[
        Literal["quorum", "classic"],
        Setting(
            readers.one_of("quorum", "classic"),
            "quorum",
            "kind",
            "of our event queues on RabbitMQ: quorum or classic",
        ),
    ]
    otlp_endpoint: Annotated[
        str,
        Setting(
            readers.http,
            "",
            "URL",
            "where traces go (OTLP/HTTP), like http://localhost:4318/v1/traces; empty: tracing is off",
            shown=readers.without_password,
        ),
    ]
    trace_ratio: Annotated[
        float,
        Setting(
            readers.number(0, 1),
            "1",
            "share",
            "of the requests that begin a trace; one that comes with its own keeps it",
        ),
    ]
    ops_port: Annotated[
        int,
        Setting(
            readers.whole(0, 65_535),
            "0",
            "port",
            "serve: where the process answers /health and /metrics; 0: as its blueprint says",
        ),
    ]
    fail: Annotated[
        str,
        Setting(
            readers.failpoints,
            "",
            "name:nth:action,…",
            "failpoints to arm, for tests: action kill, error or pause",
        ),
    ]

    @property
    def order_deadline_ms(self) -> int:
        return round(self.order_deadline_s * 1000)


SETTINGS: dict[str, Setting] = {
    field: hint.__metadata__[0]
    for field, hint in get_type_hints(Config, include_extras=True).items()
    if field in Config.__struct_fields__
}
