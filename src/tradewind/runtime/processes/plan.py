"""Turns a blueprint into the commands of its processes, or explains in one line why they cannot work
together.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from ...contracts.subscriptions import asks, heard
from ...core.api import ApiManifest
from ...core.model import wire_name
from ...observability.collector import SERVICE
from ..blueprint import BadBlueprint, Blueprint, Process
from ..config import Config, wire
from ..registry import APIS, channels
from ..stores import place_of
from .command import FD, Command

FOLDER = Path(__file__).parent.parent / "blueprints"


def ours() -> tuple[str, ...]:
    """The APIs by which one service asks another."""
    return tuple([name for name, api in APIS.items() if api.queues is not None and api.queues.client])


def check(config: Config, blueprint: Blueprint) -> None:
    """Errors: BadBlueprint, where parts are missing that the others need."""
    for process in blueprint.processes:
        for api in process.apis:
            _check_promises(blueprint, APIS[api])
    _check_servers(config, blueprint)
    _check_channels(config, blueprint)
    _check_policies(config, blueprint)
    for process in blueprint.processes:
        _check_store(config, blueprint, process)
        for api in process.apis:
            _check_shown(blueprint, process, APIS[api])


def carrier(blueprint: Blueprint, over: Sequence[str], asked: Collection[str]) -> ApiManifest | None:
    """The first API of `over` by which all of these services can be asked; None: there is none."""
    reached = blueprint.requests
    return next((APIS[api] for api in over if all(api in reached.get(one, ()) for one in asked)), None)


def askers(
    blueprint: Blueprint, over: Sequence[str], asked: Collection[str]
) -> dict[str, ApiManifest] | None:
    """For each of these services the API of its own by which it is asked; None: not each of them has one."""
    found = {
        service: APIS[api]
        for service in asked
        for api in reversed(blueprint.requests.get(service, ()))
        if api in over and APIS[api].asked is not None
    }
    return found if found.keys() == set(asked) else None


def by_http(over: Sequence[str]) -> bool:
    """Whether services are asked at their HTTP servers, without a Gateway between."""
    return any(APIS[api].asked_at for api in over)


def _check_promises(blueprint: Blueprint, api: ApiManifest) -> None:
    for policy, value in api.promises.items():
        if (given := getattr(blueprint.policies, policy)) != value:
            raise BadBlueprint(
                f"{blueprint.name}: policies: {policy} = {given}, and API {api.name} promises "
                f"{policy} = {value}"
            )


def _check_shown(blueprint: Blueprint, process: Process, api: ApiManifest) -> None:
    """Every service that an API shows runs, here or where this process can ask it."""
    for service in api.shows:
        _check_reach(blueprint, process, service, f"API {api.name}", api.over)
    away = [service for service in api.shows if service not in process.services]
    _check_carrier(blueprint, process, f"API {api.name}", api.over, away)
    for other in api.beside if away or (api.shows and process.copies > 1) else ():
        if other not in blueprint.apis:
            raise BadBlueprint(
                f"{blueprint.name}: API {api.name} with services in other processes needs the API {other}: "
                f'add a process with apis = {{ {other} = "{APIS[other].transport}://" }}'
            )


def _check_reach(
    blueprint: Blueprint, process: Process, service: str, asker: str, over: Sequence[str]
) -> None:
    there = blueprint.runs(service)
    if there is None:
        raise BadBlueprint(f"{blueprint.name}: {asker} needs the service {service}: name it in a process")
    if there is process or any(api in over for api in blueprint.requests.get(service, ())):
        return
    if not over:
        raise BadBlueprint(
            f"{blueprint.name}: {asker} in {process.name} serves {service} of its own process: name "
            f"{service} there"
        )
    raise BadBlueprint(
        f"{blueprint.name}: {asker} in {process.name} asks {service} in {there.name} over "
        f'{" or ".join(over)}: write [requests] {service} = "{over[0]}", '
        f"and {over[0]} into the apis of {there.name}"
    )


def _check_carrier(
    blueprint: Blueprint, process: Process, asker: str, over: Sequence[str], away: Collection[str]
) -> None:
    if by_http(over):  # each service at its own server
        return
    if away and carrier(blueprint, over, away) is None and askers(blueprint, over, away) is None:
        raise BadBlueprint(
            f"{blueprint.name}: {asker} in {process.name} asks {', '.join(away)} over one API: write the "
            f"same of {', '.join(over)} for all of them into [requests]"
        )


def _check_store(config: Config, blueprint: Blueprint, process: Process) -> None:
    """The services of a process share its transactions."""
    places = {place_of(config, blueprint, service): service for service in process.services}
    if len(places) > 1:
        raise BadBlueprint(
            f"{blueprint.name}: processes.{process.name}: {' and '.join(places.values())} share a "
            f"transaction, so they need one store: give them the same in [stores], or a process each"
        )


def _check_servers(config: Config, blueprint: Blueprint) -> None:
    if blueprint.bus == "kafka" and not config.kafka_brokers:
        raise BadBlueprint(
            f"{blueprint.name}: {wire('kafka_brokers')} is empty, and events travel over Kafka: set it, like "
            f"localhost:9092"
        )
    if "rabbitmq" in blueprint.carriers and not config.broker_url:
        raise BadBlueprint(
            f"{blueprint.name}: {wire('broker_url')} is empty, and processes that run apart share it: set "
            f"it, like amqp://user:password@host:5672"
        )
    without = [one for one in blueprint.services if not place_of(config, blueprint, one)]
    if blueprint.apart and without:
        raise BadBlueprint(
            f"{blueprint.name}: {wire('database_url')} is empty, and processes that run apart share it: set "
            f"it, like postgresql://user:password@host:5432/name"
        )


def _check_channels(config: Config, blueprint: Blueprint) -> None:
    """An event has one channel, and a queue gives each message to one service."""
    try:
        found = channels(blueprint.channels, config)
    except ValueError as error:
        raise BadBlueprint(f"{blueprint.name}: events.channels: {error}") from None
    for name, channel in found.items():
        takers = [
            service
            for service in blueprint.services
            if name in map(wire_name, heard(service, blueprint.policies))
        ]
        if len(takers) > 1:
            raise BadBlueprint(
                f"{blueprint.name}: {' and '.join(takers)} subscribe to {name}, and the queue {channel.name} "
                f"gives each message to one of them: leave a service out, or change [policies]"
            )


def _check_policies(config: Config, blueprint: Blueprint) -> None:
    """The services and the setting that the policies need are there."""
    policies = blueprint.policies
    for policy, service in policies.needs() if "orders" in blueprint.services else ():
        if service not in blueprint.services:
            raise BadBlueprint(
                f"{blueprint.name}: {policy} needs the service {service}: name it in a process, or change "
                f"the line of [policies]"
            )
    for process in blueprint.processes:
        away = []
        for service in process.services:
            for asked in asks(service, policies):
                _check_reach(blueprint, process, asked, service, ours())
                away += [asked] if asked not in process.services else []
        _check_carrier(blueprint, process, ", ".join(process.services), ours(), away)
    unsaid = any("payment_token" in APIS[api].stands_in for api in blueprint.apis)
    charges = policies.payment == "on-order" or (policies.payment == "on-stock" and unsaid)
    if charges and not config.payment_token:
        raise BadBlueprint(
            f"{blueprint.name}: payment = {policies.payment} charges {wire('payment_token')}, which is "
            f"empty: set it"
        )


def name_of(process: Process, copy: int) -> str:
    return process.name if process.copies == 1 else f"{process.name}-{copy}"


def ops_port(config: Config, process: Process, copy: int) -> int:
    """Where this copy answers /health and /metrics: as set for it alone, or the process's port counted on; 0:
    any that is free.
    """
    return config.ops_port or (process.ops_port + copy - 1 if process.ops_port else 0)


def commands(blueprint: Blueprint, words: Sequence[str]) -> list[Command]:
    """One for each copy of each process; `words` are options for all of them. What serves clients stops
    first, then the others as they are named.
    """
    ordered = sorted(blueprint.processes, key=lambda process: not process.serves_clients)
    own = {SERVICE: ""}  # a name of all would hide which process a span is of
    return [
        Command(name_of(process, copy), _words(process, copy, words), stage, own | process.variables)
        for stage, process in enumerate(ordered)
        for copy in range(1, process.copies + 1)
    ]


def _words(process: Process, copy: int, words: Sequence[str]) -> tuple[str, ...]:
    return (
        sys.executable,
        "-m",
        "tradewind",
        "serve",
        process.name,
        "--copy",
        str(copy),
        "--supervised",
        FD,
        *words,
    )
