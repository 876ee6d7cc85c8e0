"""What every command does alike: read its settings, and end with one line and an exit code when it cannot go
on.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit

import msgspec
import typer

from ..runtime import blueprint as blueprints
from ..runtime import config as settings
from ..runtime.blueprint import BadBlueprint, Blueprint
from ..runtime.config import BadSetting, Config
from ..runtime.data_lock import remembered
from ..runtime.processes.plan import FOLDER, check
from ..runtime.registry import SERVICES

Data = Annotated[str | None, typer.Option("--data", metavar="DIR", help="The data folder (TRADEWIND_DATA).")]
Which = Annotated[
    str,
    typer.Option(
        "--blueprint", metavar="NAME or FILE", help="What runs where; `tradewind blueprints` lists them."
    ),
]
Ran = Annotated[
    str,
    typer.Option(
        "--blueprint",
        metavar="NAME or FILE",
        help="What runs where; else what ran last in the data folder, or `default`.",
    ),
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A setting; `tradewind config` lists them."),
]
EnvFile = Annotated[  # for the help: `tradewind.__main__` takes it away before a command sees it
    str | None,
    typer.Option(
        "--env-file",
        metavar="FILE",
        expose_value=False,
        help="Settings in a .env file (TRADEWIND_ENV_FILE); the environment counts more.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def fail(why: object, code: int = 1) -> NoReturn:
    """Ends the command with one line on stderr."""
    print(f"tradewind: {why}", file=sys.stderr)
    raise typer.Exit(code)


def read(which: str, sets: list[str] | None, code: int = 1, **given: object) -> tuple[Config, Blueprint]:
    """The settings and the blueprint in force; `given` are options of the command that are settings too. An
    empty `which` is the blueprint that ran last in the data folder.
    """
    chosen = [*(sets or []), *(f"{name}={value}" for name, value in given.items() if value is not None)]
    try:
        if not which:
            which = remembered(settings.load(os.environ, {}, chosen).data) or "default"
        found = blueprints.load(which, folder=FOLDER, services=SERVICES, environment=os.environ)
        return settings.load(os.environ, found.settings, chosen), found
    except (BadSetting, BadBlueprint) as error:
        fail(error, code)


def fitting(which: str, sets: list[str] | None, **given: object) -> tuple[Config, Blueprint]:
    """As `read`, for a command that looks at what a blueprint runs; its parts must fit together. The exit
    code is 2 otherwise.
    """
    config, found = read(which, sets, 2, **given)
    try:
        check(config, found)
    except BadBlueprint as error:
        fail(error, 2)
    return config, found


def typed(command: str, config: Config, url: str) -> str:
    """A command for another terminal on the same data folder; in a checkout it runs by `./dev run`."""
    data = "" if config.data == Path(".tradewind") else f" --data {shlex.quote(str(config.data))}"
    here = Path.cwd()
    checkout = Path(sys.prefix) == here / ".venv" and (here / "dev").is_file()
    return f"{'./dev run ' if checkout else ''}{command.format(url=url, data=data)}"


def http_url(url: str, code: int = 1) -> str:
    """The URL of a gateway, without a slash at its end. Ends the command where it is none."""
    try:
        found = urlsplit(url)
        fits = found.scheme in ("http", "https") and bool(found.hostname) and (found.port or 1) > 0
    except ValueError:
        fits = False
    if not fits or not url.isprintable() or " " in url:
        fail(f"--url {url}: write http://HOST:PORT", code)
    return url.rstrip("/")


def show(value: Any) -> None:
    """Prints JSON."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
