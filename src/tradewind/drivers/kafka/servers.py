"""Where Kafka is and how we log in there, and the topics that must be there before anything is sent."""

from __future__ import annotations

import logging
from collections.abc import Sequence
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
            "log_level": 0,  # its lines are no JSON; what fails is told by the callbacks and logged by us
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


class Topics:
    """Looks in its thread whether topics can be used, with a client of its own."""

    def __init__(self, servers: Servers, topics: Sequence[Topic], name: str) -> None:
        self._topics, self._refused = topics, ""
        self._admin = AdminClient(servers.settings(f"{name} topics") | {"error_cb": self._told})

    def lacks(self) -> str:
        """Why they cannot be used; empty: they can. Makes those that are missing, with the number of replicas
        that the cluster is set to. Waits up to some seconds.
        """
        try:
            there = set(self._admin.list_topics(timeout=ASKED_S).topics)
            for topic in self._topics:
                if topic.name in there:
                    continue
                if not topic.declared:
                    return f"the topic {topic.name} is not there yet: others make it"
                if why := self._make(topic):
                    return f"the topic {topic.name} cannot be made: {why}"
        except KafkaException as error:
            self._admin.poll(0)  # what the connection says is more than that there is none
            return f"Kafka does not answer: {self._refused or said(error)}"
        self._refused = ""
        return ""

    def _make(self, topic: Topic) -> str:
        new = NewTopic(topic.name, topic.partitions, -1, config={"max.message.bytes": str(MOST_BYTES)})
        try:
            self._admin.create_topics([new], request_timeout=ASKED_S)[topic.name].result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                return said(error)
        else:
            LOG.info("made the topic %s with %d partitions", topic.name, topic.partitions)
        return ""

    def _told(self, error: KafkaError) -> None:
        if error.code() in (KafkaError._AUTHENTICATION, KafkaError._SSL):
            self._refused = in_one_line(error.str())


def said(error: KafkaException) -> str:
    """Its text, in one line."""
    found = error.args[0] if error.args else error
    return in_one_line(found.str() if isinstance(found, KafkaError) else str(found))


def in_one_line(text: str) -> str:
    return " ".join(text.split())
