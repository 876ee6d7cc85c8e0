"""Starts the platform, or one of its processes, and prints its URL."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ..contracts.policies import DEFAULT, Policies
from ..runtime import effects
from ..runtime.blueprint import BadBlueprint, Blueprint
from ..runtime.config import BadSetting, Config
from ..runtime.processes import entry as door
from ..runtime.processes import plan, serving
from ..runtime.processes.arguments import Arguments
from .common import Data, Sets, Which, fail, read

if TYPE_CHECKING:
    from ..core.manifest import Manifest

Host = Annotated[str | None, typer.Option("--host", metavar="H", help="Where to listen (TRADEWIND_HOST).")]
Port = Annotated[
    int | None,
    typer.Option("--port", metavar="P", help="Where to listen (TRADEWIND_PORT); 0 takes any that is free."),
]


def up(
    blueprint: Which = "default", data: Data = None, host: Host = None, port: Port = None, sets: Sets = None
) -> None:
    """Start all that a blueprint names, and serve until Ctrl-C.

    Example: tradewind up --data ./shop --port 8080
    """
    config, chosen = read(blueprint, sets, data=data, host=host, port=port)
    checked(config, chosen, given(sets, data, host, port))
    if not plan.apart(chosen):
        run(config, chosen.processes[0].services, policies=chosen.policies)
        return
    if why := door.up(Arguments("", blueprint, sets=given(sets, data, host, port))):
        fail(why)
    print(door.STOPPED, flush=True)


def serve(
    process: Annotated[str, typer.Argument(metavar="PROCESS", help="Its name in the blueprint.")],
    blueprint: Which = "default",
    data: Data = None,
    host: Host = None,
    port: Port = None,
    sets: Sets = None,
    copy: Annotated[int, typer.Option("--copy", metavar="N", help="Which of its copies, from 1 on.")] = 1,
    supervised: Annotated[int, typer.Option("--supervised", metavar="FD", hidden=True)] = -1,
) -> None:
    """Run one process of a blueprint: what a container runs. The schema must be there: tradewind migrate run.

    Example: tradewind serve orders --blueprint rpc
    """
    config, chosen = read(blueprint, sets, data=data, host=host, port=port)
    checked(config, chosen, given(sets, data, host, port))
    try:
        found = chosen.process(process)
    except BadBlueprint as error:
        fail(error)
    if not plan.apart(chosen):
        run(config, found.services, policies=chosen.policies)
        return
    if why := serving.serve(Arguments(process, blueprint, copy, supervised, given(sets, data, host, port))):
        fail(why)
    print(door.STOPPED, flush=True)


def given(sets: list[str] | None, data: str | None, host: str | None, port: int | None) -> tuple[str, ...]:
    """All of them as settings."""
    named = (("data", data), ("host", host), ("port", port))
    return (*(sets or []), *(f"{name}={value}" for name, value in named if value is not None))


def checked(config: Config, chosen: Blueprint, sets: tuple[str, ...]) -> None:
    """Ends the command with one line where the parts of a blueprint do not fit together, or a setting has no
    effect.
    """
    try:
        plan.check(config, chosen)
        effects.check(config, chosen, os.environ, sets)
    except (BadBlueprint, BadSetting) as error:
        fail(error)


def run(
    config: Config, names: tuple[str, ...], additions: Sequence[Manifest] = (), policies: Policies = DEFAULT
) -> None:
    """Serves until Ctrl-C, and ends the command with one line where it cannot."""
    import gc

    import uvloop

    from ..core.store import StoreUnavailable, StoreUnusable
    from ..drivers.http.server import PortInUse
    from ..observability import logs
    from ..runtime.standalone import Embedded, Started

    access = logs.set_up(config.log_level, config.log_format)

    def started(what: Started) -> None:
        # what a batch makes dies with it: looking through all that was loaded at the start, again and again,
        # finds nothing
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        print(_banner(config, what), flush=True)

    try:
        uvloop.run(Embedded(config, access, names, additions, policies).serve(started))
    except (StoreUnusable, StoreUnavailable, PortInUse) as error:
        access.flush()
        fail(error)
    except ValueError as error:
        fail(error)
    except OSError as error:
        fail(f"{config.data}: {error}")
    print(door.STOPPED, flush=True)


def _banner(config: Config, what: object) -> str:
    from ..runtime.standalone import Started

    assert isinstance(what, Started)
    place = (
        config.database_url.rpartition("@")[2] if config.database_url else str(config.data / "tradewind.db")
    )
    lines = [
        "",
        f"  Tradewind is up at {what.url}",
        "",
        f"    API       {what.url}/api/v1        try it: {what.url}/docs",
        f"    health    {what.url}/health/ready  metrics: {what.url}/metrics",
        f"    data      {place}",
    ]
    if what.login is not None:
        password = "(TRADEWIND_ADMIN_PASSWORD)" if what.given else f"{what.login.password}   shown this once"
        lines += ["", f"    admin     {what.login.email}", f"    password  {password}"]
    if what.login is not None and not what.given:
        login = json.dumps({"email": what.login.email, "password": what.login.password})
        sends = f"-H 'Content-Type: application/json' -d {shlex.quote(login)}"
        lines += ["", f"  Sign in:  curl -s {what.url}/api/v1/auth/login {sends}"]
    else:
        lines += ["", f"  Try it:  curl -s {what.url}/api/v1/products"]
    return "\n".join([*lines, "", "  Ctrl-C stops it. In another terminal:  tradewind demo --orders 100", ""])
