"""Starts the platform, or one of its processes, and prints its URL."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ..runtime import effects
from ..runtime.blueprint import BadBlueprint, Blueprint
from ..runtime.config import BadSetting, Config
from ..runtime.processes import entry as door
from ..runtime.processes import plan, serving
from ..runtime.processes.arguments import Arguments
from ..runtime.registry import APIS
from ..runtime.stores import place_of
from .common import Data, EnvFile, Sets, Which, fail, read, typed

if TYPE_CHECKING:
    from ..core.api import ApiManifest
    from ..core.manifest import Manifest
    from ..runtime.first_admin import Login

Host = Annotated[str | None, typer.Option("--host", metavar="H", help="Where to listen (TRADEWIND_HOST).")]
Port = Annotated[
    int | None,
    typer.Option("--port", metavar="P", help="Where to listen (TRADEWIND_PORT); 0 takes any that is free."),
]
Reload = Annotated[
    bool, typer.Option("--reload", help="Start again on a change of the code. For development only.")
]


def up(
    blueprint: Which = "default",
    data: Data = None,
    host: Host = None,
    port: Port = None,
    sets: Sets = None,
    env_file: EnvFile = None,
    reload: Reload = False,
) -> None:
    """Start all that a blueprint names, and serve until Ctrl-C.

    Example: tradewind up --data ./shop --port 8080
    """
    config, chosen = read(blueprint, sets, data=data, host=host, port=port)
    words = given(sets, data, host, port)
    checked(config, chosen, words)
    if reload:
        from .reload import reloading

        raise typer.Exit(reloading(blueprint, words))
    if not chosen.apart:
        run(config, chosen)
        return
    if why := door.up(Arguments("", blueprint, sets=words)):
        fail(why)
    print(door.STOPPED, flush=True)


def serve(
    process: Annotated[str, typer.Argument(metavar="PROCESS", help="Its name in the blueprint.")],
    blueprint: Which = "default",
    data: Data = None,
    host: Host = None,
    port: Port = None,
    sets: Sets = None,
    env_file: EnvFile = None,
    copy: Annotated[int, typer.Option("--copy", metavar="N", help="Which of its copies, from 1 on.")] = 1,
    supervised: Annotated[int, typer.Option("--supervised", metavar="FD", hidden=True)] = -1,
) -> None:
    """Run one process of a blueprint: what a container runs. The schema must be there: tradewind migrate run.

    Example: tradewind serve orders --blueprint rpc
    """
    config, chosen = read(blueprint, sets, data=data, host=host, port=port)
    words = given(sets, data, host, port)
    checked(config, chosen, words)
    try:
        chosen.process(process)
    except BadBlueprint as error:
        fail(error)
    if not chosen.apart:
        run(config, chosen)
        return
    if why := serving.serve(Arguments(process, blueprint, copy, supervised, words)):
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


def run(config: Config, blueprint: Blueprint, additions: Sequence[Manifest] = ()) -> None:
    """Serves a blueprint of one process until Ctrl-C, and ends the command with one line where it cannot.
    `additions` are services beside those of the blueprint.
    """
    import gc

    import uvloop

    from ..core.store import StoreUnavailable, StoreUnusable
    from ..drivers.http.server import PortInUse
    from ..runtime.processes.built import BuiltProcess

    shown = APIS[blueprint.shown]
    try:
        built = BuiltProcess(config, blueprint, blueprint.front, additions=additions)
        effects.tell(blueprint, os.environ)

        def started(url: str) -> None:
            # what a batch makes dies with it: looking through all that was loaded at the start, again and
            # again, finds nothing
            gc.collect()
            gc.freeze()
            gc.set_threshold(50_000, 20, 50)
            print(_banner(config, blueprint, url, shown, built.login), flush=True)

        uvloop.run(built.run(started))
    except (StoreUnusable, StoreUnavailable, PortInUse, ValueError) as error:
        fail(error)
    except OSError as error:
        fail(f"{config.data}: {error}")
    print(door.STOPPED, flush=True)


def _banner(config: Config, blueprint: Blueprint, url: str, api: ApiManifest, login: Login | None) -> str:
    store = place_of(config, blueprint, blueprint.services[0])
    place = store.rpartition("@")[2] if store else str(config.data / "tradewind.db")
    lines = [
        "",
        f"  Tradewind is up at {url}",
        "",
        f"    API       {url}{api.base}        try it: {url}{api.docs}",
        f"    health    {url}/health/ready  metrics: {url}/metrics",
        f"    data      {place}",
    ]
    given = bool(config.admin_password)
    if login is not None:
        password = "(TRADEWIND_ADMIN_PASSWORD)" if given else f"{login.password}   shown this once"
        lines += ["", f"    admin     {login.email}", f"    password  {password}"]
    if login is not None and not given:
        body = json.dumps({"email": login.email, "password": login.password})
        sends = f"-H 'Content-Type: application/json' -d {shlex.quote(body)}"
        lines += ["", f"  Sign in:  curl -s {url}{api.base}/auth/login {sends}"]
    else:
        lines += ["", f"  Try it:  curl -s {url}{api.example}"]
    told = f"  Ctrl-C stops it. In another terminal:  {typed(api.try_it, config, url)}"
    return "\n".join([*lines, "", told, ""])
