"""Refuses a setting that changes nothing in a blueprint, so that nobody trusts one that does not hold."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from msgspec.structs import asdict

from .config import BadSetting, Config, given_by, wire
from .registry import APIS
from .settings import PARTS
from .topology import Blueprint

LOG = logging.getLogger("tradewind.start")


def parts_of(blueprint: Blueprint) -> set[str]:
    """The parts that a blueprint runs, by their names in PARTS."""
    found = {f"service {name}" for process in blueprint.processes for name in process.services}
    found |= {part for api in blueprint.apis for part in (f"API {api}", *APIS[api].uses)}
    found |= {part for api in blueprint.channels for part in APIS[api].uses}
    found |= {f"bus {carrier}" for carrier in blueprint.carriers}
    if blueprint.bus != "local":
        found.add("events between processes")
    if blueprint.apart:
        found.add("a service in a process of its own")
    found.add("tracing")
    if "cache" in found:
        found.add("redis")
    return found


def ignored(blueprint: Blueprint, environment: Mapping[str, str]) -> str:
    """One line about what is set, is on the page that a blueprint follows, and changes nothing here; empty
    where there is none.
    """
    found = sorted({name for api in blueprint.apis for name in APIS[api].ignores if environment.get(name)})
    verb = "is set, and changes" if len(found) == 1 else "are set, and change"
    return f"{', '.join(found)} {verb} nothing in blueprint {blueprint.name}" if found else ""


def tell(blueprint: Blueprint, environment: Mapping[str, str]) -> None:
    """Writes that line into the log."""
    if found := ignored(blueprint, environment):
        LOG.warning(found)


def check(config: Config, blueprint: Blueprint, environment: Mapping[str, str], sets: Iterable[str]) -> None:
    """Looks at what a person has set, not at what the blueprint says itself. Errors: BadSetting."""
    sources = given_by(environment, sets)
    here = parts_of(blueprint)
    known = {**config.known, **asdict(blueprint.policies), "parts": here}
    if "database_url" in sources and all(service in blueprint.stores for service in blueprint.services):
        raise BadSetting(
            f"{wire('database_url')} ({sources['database_url']}) has no effect in blueprint "
            f"{blueprint.name}: [stores] names the database of each service; leave it out"
        )
    for part, settings in PARTS.items():
        for field in settings.keys() & sources.keys():
            place = f"{wire(field)} ({sources[field]}) has no effect in blueprint {blueprint.name}"
            if part not in here:
                raise BadSetting(f"{place}: only {part} uses it, which is not there; leave it out")
            only = settings[field].only
            if only is not None and not only(known):
                raise BadSetting(
                    f"{place}: other settings or policies switch off what it is for; leave it out"
                )
