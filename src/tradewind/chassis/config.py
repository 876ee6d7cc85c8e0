"""Turns names and texts from outside into typed settings once, at the start, so that a wrong one stops the program and not the night.

A setting is declared in one line of `Config`: its reader, default, unit and meaning. What is given with `--set` counts more than
the environment, the environment more than the blueprint, the blueprint more than the default.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_type_hints

import msgspec

from . import readers

PREFIX = "TRADEWIND_"
# the test harness's own, which may be set where a program under test runs
IGNORED = (PREFIX + "TEST_", PREFIX + "REQUIRE_SERVICES")


class BadSetting(Exception):
    """One line for the person who set it: which name, what is wrong, what would be right."""


class Setting(msgspec.Struct, frozen=True):
    """How a text becomes a value. `secret` ones are never shown; `shown` is what may be seen of the text of others."""

    read: readers.Reader[Any]
    default: str
    unit: str
    doc: str
    secret: bool = False
    shown: readers.Reader[str] = str


class Config(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[Path, Setting(readers.folder, "./.tradewind", "folder", "where the database, the keys and the lock file are kept")]
    host: Annotated[str, Setting(readers.word, "127.0.0.1", "address", "where the edge listens; 0.0.0.0 for every interface")]
    port: Annotated[int, Setting(readers.whole(0, 65_535), "8080", "port", "where the edge listens; 0 takes any that is free")]
    database_url: Annotated[
        str,
        Setting(readers.database, "", "URL", "empty: one SQLite file in the data folder; postgresql://…: one schema per service",
                shown=readers.without_password),
    ]  # fmt: skip
    admin_email: Annotated[str, Setting(readers.email, "", "e-mail", "the first admin; empty: chosen, and printed once")]
    admin_password: Annotated[
        str, Setting(readers.password, "", "8..256 characters", "the first admin's; empty: generated and printed once", secret=True)
    ]
    jwt_secret: Annotated[
        str, Setting(readers.key, "", "32+ bytes", "signs the access tokens; empty: generated into the data folder", secret=True)
    ]
    order_deadline_s: Annotated[
        float, Setting(readers.number(0.1, 30 * 86_400), "900", "seconds", "an order that is not settled by then fails as expired")
    ]
    rate_limit: Annotated[int, Setting(readers.whole(0, 10_000_000), "600", "requests/minute", "of one caller; 0: no limit")]
    log_level: Annotated[
        str,
        Setting(
            readers.one_of("debug", "info", "warning", "error"), "info", "level", "the least that is logged: debug, info, warning, error"
        ),
    ]
    log_format: Annotated[
        Literal["json", "console"],
        Setting(readers.one_of("json", "console"), "", "format", "empty: console where stderr is a terminal, else json"),
    ]
    provider_faults: Annotated[
        float, Setting(readers.number(0, 1), "0", "share", "of the calls to the sandbox provider that fail at random, in any of its ways")
    ]
    provider_timeout_s: Annotated[
        float, Setting(readers.number(0.01, 60), "1.0", "seconds", "how long a call to the payment provider may take")
    ]
    retry_delays_ms: Annotated[
        tuple[int, ...],
        Setting(readers.delays, "1000,5000,30000,120000", "ms, ms, …", "pauses before a failed message is tried again; then it is parked"),
    ]
    retention_days: Annotated[
        int, Setting(readers.whole(30, 3_650), "30", "days", "how long the inbox (idempotency keys) and the log are kept")
    ]
    fail: Annotated[str, Setting(readers.failpoints, "", "name:nth:action,…", "failpoints to arm, for tests: action kill, error or pause")]

    @property
    def order_deadline_ms(self) -> int:
        return round(self.order_deadline_s * 1000)


SETTINGS: dict[str, Setting] = {
    field: hint.__metadata__[0] for field, hint in get_type_hints(Config, include_extras=True).items() if field in Config.__struct_fields__
}


class Shown(msgspec.Struct, frozen=True):
    """A setting as `tradewind config` prints it; `value` is masked where it is secret."""

    name: str
    value: str
    source: str
    default: str
    unit: str
    doc: str


def load(environment: Mapping[str, str], blueprint: Mapping[str, str] | None = None, sets: Iterable[str] = ()) -> Config:
    """The settings in force. Names of the blueprint and of `sets` (`KEY=VALUE`) may leave the prefix out. Errors: BadSetting."""
    values = {field: _read(field, *given) for field, given in _gather(environment, blueprint or {}, sets).items()}
    values["log_format"] = values["log_format"] or _format()
    return Config(**values)


def explain(environment: Mapping[str, str], blueprint: Mapping[str, str] | None = None, sets: Iterable[str] = ()) -> list[Shown]:
    """Every setting with its value and where that comes from. Errors: BadSetting."""
    rows = []
    for field, (text, source) in _gather(environment, blueprint or {}, sets).items():
        _read(field, text, source)
        setting = SETTINGS[field]
        shown = "********" if setting.secret and text else setting.shown(text)
        shown = _format() if field == "log_format" and not shown else shown
        rows.append(Shown(wire(field), shown, source, setting.default, setting.unit, setting.doc))
    return rows


def wire(field: str) -> str:
    """`port` as it is called outside: `TRADEWIND_PORT`."""
    return PREFIX + field.upper()


def field_of(name: str, source: str) -> str:
    """The field that a name from outside means. Errors: BadSetting, with the nearest name that there is."""
    field = name.upper().removeprefix(PREFIX).lower()
    if field in SETTINGS:
        return field
    near = get_close_matches(field, SETTINGS, 1, 0.6)
    hint = f"did you mean {wire(near[0])}?" if near else "`tradewind config` lists them"
    raise BadSetting(f"{wire(field)} ({source}) is not a setting; {hint}")


def _format() -> str:
    return "console" if sys.stderr.isatty() else "json"


def _gather(environment: Mapping[str, str], blueprint: Mapping[str, str], sets: Iterable[str]) -> dict[str, tuple[str, str]]:
    given = {field: (setting.default, "default") for field, setting in SETTINGS.items()}
    for name, text in blueprint.items():
        given[field_of(name, "blueprint")] = text, "blueprint"
    for name, text in environment.items():
        # an empty variable is how a shell or a compose file says "not set"
        if name.startswith(PREFIX) and not name.startswith(IGNORED) and (field := field_of(name, "environment")) and text:
            given[field] = text, "environment"
    for pair in sets:
        name, equals, text = pair.partition("=")
        if not equals:
            raise BadSetting(f"--set {name}: write --set KEY=VALUE")
        given[field_of(name.strip(), "--set")] = text, "--set"
    return given


def _read(field: str, text: str, source: str) -> Any:
    setting = SETTINGS[field]
    if text == setting.default == "":
        return cast(Any, "")
    try:
        return setting.read(text)
    except ValueError as error:
        seen = "the value" if setting.secret else repr(setting.shown(text))
        raise BadSetting(f"{wire(field)} ({source}): {seen} is not {error}") from None
