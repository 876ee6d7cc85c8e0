"""Turns a blueprint into the commands of its processes, or explains in one line why they cannot work
together.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ..blueprint import BadBlueprint, Blueprint, Process
from ..config import Config, wire
from ..registry import SERVICES
from .command import FD, Command

FOLDER = Path(__file__).parent.parent / "blueprints"


def apart(blueprint: Blueprint) -> bool:
    """Whether it needs several processes."""
    return blueprint.transport != "local" or len(blueprint.processes) > 1


def check(config: Config, blueprint: Blueprint) -> None:
    """Errors: BadBlueprint, where parts are missing that the others need."""
    if blueprint.face == "v1":
        _check_v1(blueprint)
    if not apart(blueprint):
        if blueprint.face != "v1":
            raise BadBlueprint(
                f'{blueprint.name}: the face {blueprint.face} needs transport = "rabbitmq", and a '
                f"process for its edge"
            )
        _check_policies(config, blueprint)
        return
    edge = next(process for process in blueprint.processes if process.edge)
    if edge.services:
        raise BadBlueprint(
            f"{blueprint.name}: processes.{edge.name}: is the edge, which runs alone; give "
            f"its services another"
        )
    for field, what in (
        ("broker_url", "amqp://user:password@host:5672"),
        ("database_url", "postgresql://user:password@host:5432/name"),
    ):
        if not getattr(config, field):
            raise BadBlueprint(
                f"{blueprint.name}: {wire(field)} is empty, and processes that run apart share it: set "
                f"it, like {what}"
            )
    _check_policies(config, blueprint)


V1_POLICIES = {"access": "jwt", "pricing": "catalogue", "products": "must-exist", "customers": "must-exist"}


def _check_v1(blueprint: Blueprint) -> None:
    """API v1 shows all services, and promises who may see what, and whose prices count."""
    for policy, value in V1_POLICIES.items():
        if (given := getattr(blueprint.policies, policy)) != value:
            raise BadBlueprint(
                f"{blueprint.name}: policies: {policy} = {given}, and API v1 promises {policy} = {value}"
            )
    if not apart(blueprint):
        return
    served = {service for process in blueprint.processes for service in process.services}
    if lacks := [service for service in SERVICES if service not in served]:
        raise BadBlueprint(f"{blueprint.name}: API v1 needs the service {lacks[0]}: name it in a process")
    if not any(process.provider for process in blueprint.processes):
        raise BadBlueprint(
            f"{blueprint.name}: payments runs apart, so its provider does: add a process with provider = true"
        )


def _check_policies(config: Config, blueprint: Blueprint) -> None:
    """The services and the setting that the policies need are there."""
    policies = blueprint.policies
    served = {service for process in blueprint.processes for service in process.services}
    for policy, service in policies.needs() if "orders" in served else ():
        if service not in served:
            raise BadBlueprint(
                f"{blueprint.name}: {policy} needs the service {service}: name it in a process, or change "
                f"the line of [policies]"
            )
    names_none = policies.payment == "on-order" or (
        blueprint.face == "rpc" and policies.payment == "on-stock"
    )
    if names_none and not config.payment_token:
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
    """One for each copy of each process; `words` are options for all of them. The edge stops first, then the
    others as they are named.
    """
    ordered = sorted(blueprint.processes, key=lambda process: not process.edge)
    return [
        Command(name_of(process, copy), _words(process, copy, words), stage)
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
