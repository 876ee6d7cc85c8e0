"""Settings are read once, at the start, and a wrong one is told in one line."""

from pathlib import Path

import pytest

from tradewind.runtime import config
from tradewind.runtime.config import BadSetting

OUTSIDE = {
    "TRADEWIND_DATA",
    "TRADEWIND_HOST",
    "TRADEWIND_PORT",
    "TRADEWIND_DATABASE_URL",
    "TRADEWIND_ADMIN_EMAIL",
    "TRADEWIND_ADMIN_PASSWORD",
    "TRADEWIND_JWT_SECRET",
    "TRADEWIND_ORDER_DEADLINE_S",
    "TRADEWIND_RATE_LIMIT",
    "TRADEWIND_LIST_MAX",
    "TRADEWIND_CORS_ORIGINS",
    "TRADEWIND_TRUSTED_PROXIES",
    "TRADEWIND_LOG_LEVEL",
    "TRADEWIND_LOG_FORMAT",
    "TRADEWIND_PROVIDER_FAULTS",
    "TRADEWIND_FAIL",
}


def test_defaults_are_those_of_the_promise() -> None:
    settings = config.load({})
    assert (settings.data, settings.host, settings.port, settings.database_url) == (
        Path(".tradewind"),
        "127.0.0.1",
        8080,
        "",
    )
    assert (settings.order_deadline_s, settings.order_deadline_ms, settings.rate_limit) == (900, 900_000, 600)
    assert (settings.provider_faults, settings.retention_days, settings.retry_delays_ms) == (
        0,
        30,
        (1000, 5000, 30000, 120000),
    )
    assert {row.name for row in config.explain({})} >= OUTSIDE


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("*", ("*",)),
        ("https://shop.example", ("https://shop.example",)),
        ("http://localhost:3000, https://[::1]:8443", ("http://localhost:3000", "https://[::1]:8443")),
        ("https://shop.example/", None),
        ("https://Shop.example", None),  # no browser spells it so, so it would never match
        ("https://shop.example:443", None),
        ("shop.example", None),
        ("*,https://shop.example", None),
        ("https://shop.example,,", None),
    ],
)
def test_origins_are_written_as_browsers_name_them(text: str, origins: tuple[str, ...] | None) -> None:
    if origins is None:
        with pytest.raises(BadSetting, match="TRADEWIND_CORS_ORIGINS"):
            config.load({"TRADEWIND_CORS_ORIGINS": text})
    else:
        assert config.load({"TRADEWIND_CORS_ORIGINS": text}).apis["cors_origins"] == origins


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("192.0.2.7", ("192.0.2.7/32",)),
        ("10.0.0.0/8, 2001:db8::/32", ("10.0.0.0/8", "2001:db8::/32")),
        ("10.0.0.1/8", None),
        ("proxy.example", None),
        ("*", None),
    ],
)
def test_proxies_are_addresses_or_networks(text: str, networks: tuple[str, ...] | None) -> None:
    if networks is None:
        with pytest.raises(BadSetting, match="TRADEWIND_TRUSTED_PROXIES"):
            config.load({"TRADEWIND_TRUSTED_PROXIES": text})
    else:
        assert config.load({"TRADEWIND_TRUSTED_PROXIES": text}).trusted_proxies == networks


def test_the_nearer_word_counts() -> None:
    blueprint = {"port": "1", "host": "blueprint", "rate_limit": "1", "log_level": "error"}
    environment = {"TRADEWIND_PORT": "2", "TRADEWIND_HOST": "environment", "TRADEWIND_RATE_LIMIT": "2"}
    settings = config.load(environment, blueprint, ["TRADEWIND_PORT=3", "host=set"])
    assert (settings.port, settings.host, settings.rate_limit, settings.log_level) == (3, "set", 2, "error")
    sources = {row.name: row.source for row in config.explain(environment, blueprint, ["port=3"])}
    assert sources["TRADEWIND_PORT"] == "--set"
    assert sources["TRADEWIND_HOST"] == "environment"
    assert sources["TRADEWIND_LOG_LEVEL"] == "blueprint"
    assert sources["TRADEWIND_DATA"] == "default"


def test_an_empty_variable_is_not_set() -> None:
    assert config.load({"TRADEWIND_PORT": ""}, {"port": "99"}).port == 99


def test_what_is_not_ours_is_left_alone() -> None:
    config.load(
        {"TRADEWIND_TEST_POSTGRES_URL": "x", "TRADEWIND_REQUIRE_SERVICES": "1", "PORT": "no", "HOME": "/"}
    )


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        (
            {"TRADEWIND_PROT": "1"},
            "TRADEWIND_PROT (environment) is not a setting; did you mean TRADEWIND_PORT?",
        ),
        (
            {"TRADEWIND_XYZZY": ""},
            "TRADEWIND_XYZZY (environment) is not a setting; `tradewind config` lists them",
        ),
        (
            {"TRADEWIND_PORT": "http"},
            "TRADEWIND_PORT (environment): 'http' is not a whole number from 0 to 65535",
        ),
        ({"TRADEWIND_PORT": "65536"}, "not a whole number from 0 to 65535"),
        ({"TRADEWIND_PORT": "1_0"}, "not a whole number"),
        ({"TRADEWIND_PORT": "8080\n"}, "not a whole number"),
        ({"TRADEWIND_PROVIDER_FAULTS": "1.1"}, "not a number from 0 to 1"),
        ({"TRADEWIND_PROVIDER_FAULTS": "nan"}, "not a number from 0 to 1"),
        ({"TRADEWIND_ORDER_DEADLINE_S": "0"}, "not a number from 0.1"),
        ({"TRADEWIND_LOG_LEVEL": "loud"}, "'loud' is not one of debug, info, warning, error"),
        ({"TRADEWIND_LOG_FORMAT": "xml"}, "not one of json, console"),
        ({"TRADEWIND_RETRY_DELAYS_MS": "1000,x"}, "not 1 to 20 whole numbers"),
        ({"TRADEWIND_RETENTION_DAYS": "29"}, "not a whole number from 30"),
        ({"TRADEWIND_ADMIN_EMAIL": "admin"}, "not an e-mail address"),
        ({"TRADEWIND_FAIL": "batch.before-commit:0:kill"}, "not name:nth:action"),
        (
            {"TRADEWIND_DATABASE_URL": "oracle://root:hunter2@db/shop"},
            "'oracle://root:********@db/shop' is not a URL like postgresql://",
        ),
        (
            {"TRADEWIND_BROKER_URL": "http://me:hunter2@rabbit"},
            "'http://me:********@rabbit' is not a URL like amqp://",
        ),
        ({"TRADEWIND_BROKER_URL": "amqp://"}, "'amqp://' is not a URL like amqp://"),
        (
            {"TRADEWIND_OTLP_ENDPOINT": "localhost:4318"},
            "'localhost:4318' is not a URL like http://localhost:4318/v1/traces",
        ),
        ({"TRADEWIND_CURRENCY": "eur"}, "not an active currency of ISO 4217"),
        ({"TRADEWIND_CURRENCY": "XTS"}, "not an active currency of ISO 4217"),
        ({"TRADEWIND_CURRENCY": "JPY"}, "with two decimals"),
        ({"TRADEWIND_ORDER_QUEUE": "amq.orders"}, "not a queue's name"),
        ({"TRADEWIND_ORDER_QUEUE": "q" * 256}, "not a queue's name"),
        ({"TRADEWIND_QUEUE_TYPE": "stream"}, "not one of quorum, classic"),
        ({"TRADEWIND_TRACE_RATIO": "2"}, "not a number from 0 to 1"),
        ({"TRADEWIND_PAYMENT_TOKEN": "hunter2 x"}, "the value is not a word without spaces"),
        ({"TRADEWIND_JWT_SECRET": "hunter2"}, "the value is not at least 32 bytes long"),
        ({"TRADEWIND_ADMIN_PASSWORD": "hunter2"}, "the value is not 8 to 256 characters long"),
    ],
)
def test_a_wrong_setting_is_told_in_one_line(environment: dict[str, str], says: str) -> None:
    with pytest.raises(BadSetting) as bad:
        config.load(environment)
    assert says in str(bad.value)
    assert "\n" not in str(bad.value)
    assert "hunter2" not in str(bad.value)


def test_the_blueprint_and_the_command_line_are_checked_too() -> None:
    with pytest.raises(BadSetting, match=r"TRADEWIND_HOSTS \(blueprint\) .* TRADEWIND_HOST\?"):
        config.load({}, {"hosts": "x"})
    with pytest.raises(BadSetting, match=r"TRADEWIND_PORT \(--set\): 'x'"):
        config.load({}, None, ["port=x"])
    with pytest.raises(BadSetting, match="write --set KEY=VALUE"):
        config.load({}, None, ["port"])


def test_secrets_are_not_shown() -> None:
    given = {
        "TRADEWIND_JWT_SECRET": "s" * 32,
        "TRADEWIND_ADMIN_PASSWORD": "hunter2hunter2",
        "TRADEWIND_DATABASE_URL": "postgres://shop:hunter2@db:5432/shop?sslmode=require&password=hunter2",
    }
    shown = {row.name: row.value for row in config.explain(given)}
    assert shown["TRADEWIND_JWT_SECRET"] == shown["TRADEWIND_ADMIN_PASSWORD"] == "********"
    assert (
        shown["TRADEWIND_DATABASE_URL"]
        == "postgres://shop:********@db:5432/shop?sslmode=require&password=********"
    )
    assert config.load(given).database_url.startswith("postgresql://shop:hunter2@")


def test_every_setting_says_what_it_is() -> None:
    for row in config.explain({}):
        assert row.doc, row.name
        assert row.unit, row.name
