"""Names what a person may set of Kafka."""

from __future__ import annotations

from ...core import readers
from ...core.settings import Setting

SETTINGS: dict[str, Setting] = {
    "kafka_brokers": Setting(
        readers.hosts, "", "host:port,…", "the Kafka of a blueprint with several processes; empty: none"
    ),
    "kafka_security_protocol": Setting(
        readers.one_of("plaintext", "ssl", "sasl_plaintext", "sasl_ssl"),
        "plaintext",
        "protocol",
        "to Kafka: plaintext, ssl, sasl_plaintext or sasl_ssl",
    ),
    "kafka_sasl_mechanism": Setting(
        readers.one_of("plain", "scram-sha-256", "scram-sha-512"),
        "plain",
        "mechanism",
        "of a login at Kafka: plain, scram-sha-256 or scram-sha-512",
    ),
    "kafka_sasl_username": Setting(readers.text, "", "name", "of a login at Kafka"),
    "kafka_sasl_password": Setting(readers.text, "", "password", "of a login at Kafka", secret=True),
    "kafka_ca_file": Setting(
        readers.text, "", "file", "certificates that are trusted at Kafka's; empty: those of the system"
    ),
    "kafka_partitions": Setting(
        readers.whole(1, 1_000),
        "6",
        "partitions",
        "of a topic that we make: as many copies of a service can share its work",
    ),
}
