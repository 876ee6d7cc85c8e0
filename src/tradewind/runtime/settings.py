"""Joins the settings of all parts in one struct, and has the general ones: each part declares its own, an API
in its manifest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec
from msgspec.structs import asdict

from ..apis.amounts.variables import SETTINGS as AMOUNTS
from ..apis.kernel.variables import SERVICE_URLS
from ..apis.kernel.variables import SETTINGS as KERNEL
from ..core import readers
from ..core.settings import Setting
from ..drivers.kafka.settings import SETTINGS as KAFKA
from ..drivers.rabbitmq.settings import SETTINGS as RABBITMQ
from ..drivers.redis.settings import SETTINGS as REDIS
from ..engine.settings import SETTINGS as ENGINE
from ..observability.collector import SETTINGS as TRACING
from ..services.notifications.settings import SETTINGS as NOTIFICATIONS
from ..services.orders.settings import SETTINGS as ORDERS
from ..services.payments.settings import SETTINGS as PAYMENTS
from .registry import APIS


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """`apis` are the settings that APIs declare, by name: each API reads its own."""

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
        Setting(readers.word, "127.0.0.1", "address", "where the API listens; 0.0.0.0 for every interface"),
    ]
    port: Annotated[
        int,
        Setting(readers.whole(0, 65_535), "8080", "port", "where the API listens; 0 takes any that is free"),
    ]
    database_url: Annotated[
        str,
        Setting(
            readers.database,
            "",
            "URL",
            "empty: one SQLite file in the data folder; postgresql://… or mysql://…: a server",
            shown=readers.without_password,
        ),
    ]
    database_roles: Annotated[
        Literal["on", "off"],
        Setting(
            readers.one_of("on", "off"),
            "off",
            "on or off",
            "up: each service that runs apart has a role of its own at the database, which up makes",
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
    order_deadline_s: Annotated[float, ORDERS["order_deadline_s"]]
    rate_limit: Annotated[
        int, Setting(readers.whole(0, 10_000_000), "600", "requests/minute", "of one caller; 0: no limit")
    ]
    list_max: Annotated[
        int,
        Setting(
            readers.whole(1, 1_000_000),
            "10000",
            "rows",
            "where a published list has no paging it ends there, newest first",
        ),
    ]
    trusted_proxies: Annotated[tuple[str, ...], KERNEL["trusted_proxies"]]
    log_level: Annotated[
        str, Setting(readers.level, "info", "level", "the least that is logged: debug, info, warning, error")
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
    provider_faults: Annotated[float, PAYMENTS["provider_faults"]]
    provider_timeout_s: Annotated[float, PAYMENTS["provider_timeout_s"]]
    notification_texts: Annotated[str, NOTIFICATIONS["notification_texts"]]
    retry_delays_ms: Annotated[tuple[int, ...], ENGINE["retry_delays_ms"]]
    retention_days: Annotated[int, ENGINE["retention_days"]]
    broker_url: Annotated[str, RABBITMQ["broker_url"]]
    currency: Annotated[str, ORDERS["currency"]]
    payment_token: Annotated[str, ORDERS["payment_token"]]
    orders_queue: Annotated[str, AMOUNTS["orders_queue"]]
    event_exchange: Annotated[str, RABBITMQ["event_exchange"]]
    queue_type: Annotated[Literal["quorum", "classic"], RABBITMQ["queue_type"]]
    kafka_brokers: Annotated[str, KAFKA["kafka_brokers"]]
    kafka_security_protocol: Annotated[str, KAFKA["kafka_security_protocol"]]
    kafka_sasl_mechanism: Annotated[str, KAFKA["kafka_sasl_mechanism"]]
    kafka_sasl_username: Annotated[str, KAFKA["kafka_sasl_username"]]
    kafka_sasl_password: Annotated[str, KAFKA["kafka_sasl_password"]]
    kafka_ca_file: Annotated[str, KAFKA["kafka_ca_file"]]
    kafka_partitions: Annotated[int, KAFKA["kafka_partitions"]]
    redis_url: Annotated[str, REDIS["redis_url"]]
    otlp_endpoint: Annotated[str, TRACING["otlp_endpoint"]]
    trace_ratio: Annotated[float, TRACING["trace_ratio"]]
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

    apis: dict[str, Any] = {}

    @property
    def order_deadline_ms(self) -> int:
        return round(self.order_deadline_s * 1000)

    @property
    def known(self) -> dict[str, Any]:
        """All of them by name, those of the APIs too."""
        return {**asdict(self), **self.apis}


OF_APIS: dict[str, Setting] = dict(SERVICE_URLS)
SETTINGS: dict[str, Setting] = {
    field: hint.__metadata__[0]
    for field, hint in get_type_hints(Config, include_extras=True).items()
    if hasattr(hint, "__metadata__") and field in Config.__struct_fields__
}
SETTINGS.update(OF_APIS)

PARTS: dict[str, dict[str, Setting]] = {
    "service orders": {field: ORDERS[field] for field in ("order_deadline_s", "currency")},
    "service payments": {
        **{field: PAYMENTS[field] for field in ("provider_faults", "provider_timeout_s")},
        "payment_token": ORDERS["payment_token"],
    },
    "service notifications": NOTIFICATIONS,
    "channel orders": AMOUNTS,
    "services over HTTP": SERVICE_URLS,
    "bus rabbitmq": {field: RABBITMQ[field] for field in ("broker_url", "queue_type")},
    "bus kafka": KAFKA,
    "events between processes": {"event_exchange": RABBITMQ["event_exchange"]},
    "redis": REDIS,
    "tracing": TRACING,
    "a service in a process of its own": {field: SETTINGS[field] for field in ("ops_port", "database_roles")},
}
"""By the part of a blueprint that uses them. Those in none are general: every blueprint takes them."""


def declare() -> None:
    """Takes over the settings of all APIs that the registry has."""
    for api in APIS.values():
        if api.settings:
            OF_APIS.update(api.settings)
            SETTINGS.update(api.settings)
            PARTS[f"API {api.name}"] = dict(api.settings)


declare()
