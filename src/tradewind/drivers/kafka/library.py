"""The one place that imports confluent-kafka, so that a process without it says what to install."""

from __future__ import annotations

from ...core.extras import MissingExtra

try:
    from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
    from confluent_kafka.admin import AdminClient
    from confluent_kafka.cimpl import NewTopic
except ModuleNotFoundError as missing:
    raise MissingExtra("events over Kafka need confluent-kafka", "kafka") from missing

__all__ = [
    "AdminClient",
    "Consumer",
    "KafkaError",
    "KafkaException",
    "Message",
    "NewTopic",
    "Producer",
    "TopicPartition",
]
