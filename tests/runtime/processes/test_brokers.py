"""The published variables of blueprint `events` reach the driver for Kafka."""

from __future__ import annotations

import pytest

from tests.runtime.test_blueprint import FOLDER, SERVICES
from tradewind.runtime import blueprint, config
from tradewind.runtime.processes.brokers import kafka_servers

pytest.importorskip("confluent_kafka")


@pytest.mark.parametrize(
    ("given", "brokers"),
    [
        ({}, "localhost:9094"),
        ({"KAFKA_BROKERS": "one:9092,two:9092"}, "one:9092,two:9092"),
        ({"KAFKA_BROKERS": "one:9092", "KAFKA_BROKER": "two:9092"}, "two:9092"),
    ],
)
def test_where_kafka_is(given: dict[str, str], brokers: str) -> None:
    found = blueprint.load("events", folder=FOLDER, services=SERVICES, environment=given)
    servers = kafka_servers(config.load({}, found.settings))
    assert (servers.brokers, servers.protocol) == (brokers, "plaintext")


def test_how_we_log_in_there() -> None:
    given = {
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_SASL_USERNAME": "shop",
        "KAFKA_SASL_PASSWORD": "secret",
        "KAFKA_CA_FILE": "/etc/ca.pem",
    }
    found = blueprint.load("events", folder=FOLDER, services=SERVICES, environment=given)
    servers = kafka_servers(config.load({}, found.settings))
    told = servers.settings("shop")
    assert (told["security.protocol"], told["sasl.mechanism"]) == ("sasl_ssl", "SCRAM-SHA-512")
    assert (told["sasl.username"], told["sasl.password"]) == ("shop", "secret")
    assert told["ssl.ca.location"] == "/etc/ca.pem"
