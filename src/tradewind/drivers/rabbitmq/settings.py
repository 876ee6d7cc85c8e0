"""Names what a person may set of RabbitMQ."""

from __future__ import annotations

from ...core import readers
from ...core.settings import Setting

SETTINGS: dict[str, Setting] = {
    "broker_url": Setting(
        readers.broker,
        "",
        "URL",
        "the RabbitMQ of a blueprint with several processes: amqp://… or amqps://…; empty: none",
        shown=readers.without_password,
    ),
    "event_exchange": Setting(
        readers.queue,
        "tradewind.events",
        "exchange",
        "where events go, on Kafka the topic, and how queues and groups begin: one a system",
    ),
    "queue_type": Setting(
        readers.one_of("quorum", "classic"),
        "quorum",
        "kind",
        "of our event queues on RabbitMQ: quorum or classic",
    ),
}
