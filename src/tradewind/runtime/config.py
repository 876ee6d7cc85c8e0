"""Turns names and texts from outside into typed settings once, at the start, so that a wrong one stops the
program and not the night.

What is given with `--set` counts more than the environment, the environment more than the blueprint, the
blueprint more than the default. The settings themselves are in `settings`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, cast

import msgspec

from ..core.settings import Setting
from .env_file import FROM
from .settings import OF_APIS, SETTINGS, Config

__all__ = [
    "SETTINGS",
    "BadSetting",
    "Config",
    "Setting",
    "Shown",
    "defaults",
    "explain",
    "field_of",
    "given_by",
    "load",
    "wire",
]

PREFIX = "TRADEWIND_"
# the test harness's own, which may be set where a program under test runs
IGNORED = (PREFIX + "TEST_", PREFIX + "REQUIRE_SERVICES")


class BadSetting(Exception):
    """One line for the person who set it: which name, what is wrong, what would be right."""


class Shown(msgspec.Struct, frozen=True):
    """A setting as `tradewind config` prints it; `value` is masked where it is secret."""

    name: str
    value: str
    source: str
    default: str
    unit: str
    doc: str


def load(
    environment: Mapping[str, str], blueprint: Mapping[str, str] | None = None, sets: Iterable[str] = ()
) -> Config:
    """The settings in force. Names of the blueprint and of `sets` (`KEY=VALUE`) may leave the prefix out.
    Errors: BadSetting.
    """
    values = {
        field: _read(field, *given) for field, given in _gather(environment, blueprint or {}, sets).items()
    }
    values["log_format"] = values["log_format"] or _format()
    of_apis = {field: values.pop(field) for field in OF_APIS}
    return Config(**values, apis=of_apis)


def defaults(**changes: object) -> Config:
    """The defaults, but for these."""
    return msgspec.structs.replace(load({}), **changes)


def explain(
    environment: Mapping[str, str], blueprint: Mapping[str, str] | None = None, sets: Iterable[str] = ()
) -> list[Shown]:
    """Every setting with its value and where that comes from. Errors: BadSetting."""
    rows = []
    for field, (text, source) in _gather(environment, blueprint or {}, sets).items():
        _read(field, text, source)
        setting = SETTINGS[field]
        shown = "********" if setting.secret and text else setting.shown(text)
        shown = _format() if field == "log_format" and not shown else shown
        rows.append(Shown(wire(field), shown, source, setting.default, setting.unit, setting.doc))
    return rows


def given_by(environment: Mapping[str, str], sets: Iterable[str]) -> dict[str, str]:
    """The settings that a person gives, each with its source. Errors: BadSetting."""
    return {
        field: source for field, (_, source) in _gather(environment, {}, sets).items() if source != "default"
    }


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


def _gather(
    environment: Mapping[str, str], blueprint: Mapping[str, str], sets: Iterable[str]
) -> dict[str, tuple[str, str]]:
    given = {field: (setting.default, "default") for field, setting in SETTINGS.items()}
    for name, text in blueprint.items():
        given[field_of(name, "blueprint")] = text, "blueprint"
    for name, text in environment.items():
        # an empty variable is how a shell or a compose file says "not set"
        if (
            name.startswith(PREFIX)
            and not name.startswith(IGNORED)
            and (field := field_of(name, source := FROM.get(name, "environment")))
            and text
        ):
            given[field] = text, source
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
