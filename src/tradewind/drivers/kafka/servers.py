"""Where Kafka is and how we log in there, and the topics that must be there before anything is sent."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import msgspec

from .library import AdminClient, KafkaError, KafkaException, NewTopic

LOG = logging.getLogger("tradewind.kafka")
ASKED_S = 3.0
PARTITIONS = 6
MOST_BYTES = 8 * 1024 * 1024


class Servers(msgspec.Struct, frozen=True):
    """`brokers` is a list like `host:9092,other:9092`. `protocol`: plaintext, ssl, sasl_plaintext or
    sasl_ssl; `mechanism`: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; `authority`: the file with the certificates
    that are trusted, empty: those of the system.
    """

    brokers: str
    protocol: str = "plaintext"
    mechanism: str = "PLAIN"
    username: str = ""
    password: str = ""
    authority: str = ""

    def settings(self, client: str) -> dict[str, Any]:
        """Those of librdkafka that every client has."""
        found: dict[str, Any] = {
            "bootstrap.servers": self.brokers,
            "client.id": client,
            "security.protocol": self.protocol,
            "socket.timeout.ms": 6_000,
            "socket.keepalive.enable": True,
            "reconnect.backoff.max.ms": 1_000,
            "topic.metadata.refresh.interval.ms": 5_000,
            "allow.auto.create.topics": False,
        }
        if self.protocol.startswith("sasl"):
            found |= {
                "sasl.mechanism": self.mechanism,
                "sasl.username": self.username,
                "sasl.password": self.password,
            }
        if self.authority:
            found["ssl.ca.location"] = self.authority
        return found


class Topic(msgspec.Struct, frozen=True):
    """`declared`: it is made where it is missing. One that is there stays as it is."""

    name: str
    declared: bool = True
    partitions: int = PARTITIONS


def lacks(admin: AdminClient, topics: Iterable[Topic]) -> str:
    """Why the topics cannot be used; empty: they can. Makes those that are missing, with the number of
    replicas that the cluster is set to. Waits up to some seconds.
    """
    try:
        there = set(admin.list_topics(timeout=ASKED_S).topics)
        for topic in topics:
            if topic.name in there:
                continue
            if not topic.declared:
                return f"the topic {topic.name} is not there yet: others make it"
            if why := _make(admin, topic):
                return f"the topic {topic.name} cannot be made: {why}"
    except KafkaException as error:
        return f"Kafka does not answer: {said(error)}"
    return ""


def _make(admin: AdminClient, topic: Topic) -> str:
    new = NewTopic(topic.name, topic.partitions, -1, config={"max.message.bytes": str(MOST_BYTES)})
    try:
        admin.create_topics([new], request_timeout=ASKED_S)[topic.name].result()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            return said(error)
    else:
        LOG.info("made the topic %s with %d partitions", topic.name, topic.partitions)
    return ""


def said(error: KafkaException) -> str:
    """Its text, in one line."""
    found = error.args[0] if error.args else error
    return " ".join((found.str() if isinstance(found, KafkaError) else str(found)).split())
