"""A setting that changes nothing in a blueprint stops its start; one that is general or used does not."""

from __future__ import annotations

import pytest

from tradewind.runtime import blueprint as blueprints
from tradewind.runtime import config as settings
from tradewind.runtime import effects
from tradewind.runtime.config import SETTINGS, BadSetting, wire
from tradewind.runtime.processes.plan import FOLDER
from tradewind.runtime.registry import SERVICES
from tradewind.runtime.settings import PARTS

GENERAL = {
    *("data", "host", "port", "admin_email", "admin_password", "jwt_secret", "rate_limit"),
    *("log_level", "log_format", "fail", "trusted_proxies", "list_max"),
    *("database_url", "retry_delays_ms", "retention_days"),  # every blueprint has a store and an engine
}
EXAMPLES = {
    "otlp_endpoint": "http://collector:4318/v1/traces",
    "broker_url": "amqp://broker",
    "trace_ratio": "0.5",
    "order_deadline_s": "5",
    "provider_faults": "0.1",
    "provider_url": "http://127.0.0.1:8091",
    "currency": "USD",
    "order_queue": "mine",
    "ops_port": "9999",
    "database_roles": "on",
    "log_format": "json",
    "redis_url": "redis://cache:6379",
}


def start(blueprint: str, environment: dict[str, str], *sets: str) -> None:
    chosen = blueprints.load(blueprint, folder=FOLDER, services=SERVICES, environment={})
    effects.check(settings.load(environment, chosen.settings, sets), chosen, environment, sets)


def test_every_setting_is_general_or_of_one_part() -> None:
    owned = [field for fields in PARTS.values() for field in fields]
    assert sorted(owned) == sorted(set(owned))
    assert set(owned) | GENERAL == set(SETTINGS)
    assert not GENERAL & set(owned)


@pytest.mark.parametrize(
    "field", [*("broker_url", "currency", "order_queue", "ops_port"), *("provider_url", "database_roles")]
)
def test_in_one_process_others_settings_stop_the_start(field: str) -> None:
    for environment, sets in (({wire(field): EXAMPLES[field]}, ()), ({}, (f"{field}={EXAMPLES[field]}",))):
        with pytest.raises(BadSetting, match=rf"^{wire(field)} \(.*\) has no effect in blueprint default: "):
            start("default", environment, *sets)


@pytest.mark.parametrize(
    ("blueprint", "sets"),
    [
        ("default", ["log_format=json", "rate_limit=5"]),
        ("default", ["order_deadline_s=5", "provider_faults=0.1"]),
        ("services", ["cors_origins=*", "trusted_proxies=10.0.0.0/8"]),
        ("rpc", ["trusted_proxies=10.0.0.0/8"]),
        ("default", ["otlp_endpoint=http://collector:4318/v1/traces", "trace_ratio=0.5"]),
        ("services", ["otlp_endpoint=http://collector:4318/v1/traces", "trace_ratio=0.5"]),
        ("rpc", ["otlp_endpoint=http://collector:4318/v1/traces", "trace_ratio=0.5", "ops_port=9999"]),
        ("services", ["provider_url=http://127.0.0.1:8091", "order_deadline_s=5", "queue_type=classic"]),
        ("rpc", ["currency=USD", "order_queue=mine"]),
        ("default", ["redis_url=redis://cache:6379"]),
        ("services", ["redis_url=rediss://:secret@cache:6379/3"]),
        ("rpc", ["redis_url=redis://cache:6379", "rate_limit=60"]),
        ("contracts", ["redis_url=redis://cache:6379", "rate_limit=60"]),
        ("invoicing", ["redis_url=redis://cache:6379", "rate_limit=60"]),
    ],
)
def test_what_has_an_effect_is_taken(blueprint: str, sets: list[str]) -> None:
    start(blueprint, {}, *sets)


@pytest.mark.parametrize(
    ("blueprint", "sets"),
    [
        ("services", ["trace_ratio=0.5"]),
        ("default", ["trace_ratio=0.5"]),
        ("rpc", ["order_deadline_s=5"]),
        ("rpc", ["payment_token=tok_ok"]),
        ("rpc", ["redis_url=redis://cache:6379"]),  # it limits nobody
        ("default", ["redis_url=redis://cache:6379", "rate_limit=0"]),
        ("rpc", ["cors_origins=*"]),  # its page allows every origin
    ],
)
def test_what_is_switched_off_stops_the_start_too(blueprint: str, sets: list[str]) -> None:
    with pytest.raises(BadSetting, match="has no effect in blueprint"):
        start(blueprint, {}, *sets)


def test_the_blueprint_may_say_what_it_does_not_use() -> None:
    start("rpc", {})
