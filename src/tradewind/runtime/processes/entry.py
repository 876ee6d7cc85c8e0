"""Runs `tradewind serve` and `tradewind up` of blueprints with several processes, without the command line's
library.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from .. import blueprint as blueprints
from .. import config as settings
from .. import effects
from ..blueprint import BadBlueprint
from ..config import BadSetting
from ..registry import SERVICES
from . import plan
from .arguments import Arguments, parse

STOPPED = "tradewind: stopped; everything that was accepted is kept"


def main(words: Sequence[str]) -> None:
    """Ends the program if it has done what `words` ask for; returns if the command line has to do it."""
    found = parse(words)
    if found is None:
        return
    try:
        chosen = blueprints.load(
            found.blueprint,
            folder=plan.FOLDER,
            services=SERVICES,
            environment=os.environ,
            process=found.process,
        )
        if not chosen.apart:
            return
    except BadBlueprint as error:
        _end(str(error))
    if found.process:
        from .serving import serve

        _end(serve(found), quiet=found.supervised >= 0)
    _end(up(found))


def up(arguments: Arguments) -> str:
    """Until SIGTERM or Ctrl-C. Nothing after a clean stop, else one line that says why it could not."""
    from ...core.store import StoreUnusable
    from .starting import start

    try:
        chosen = blueprints.load(
            arguments.blueprint, folder=plan.FOLDER, services=SERVICES, environment=os.environ
        )
        config = settings.load(os.environ, chosen.settings, arguments.sets)
        plan.check(config, chosen)
        effects.check(config, chosen, os.environ, arguments.sets)
        return start(
            config,
            chosen,
            [
                "--blueprint",
                arguments.blueprint,
                *(word for pair in arguments.sets for word in ("--set", pair)),
            ],
        )
    except (BadBlueprint, BadSetting, StoreUnusable) as error:
        return str(error)


def _end(why: str, *, quiet: bool = False) -> None:
    if why and not quiet:
        print(f"tradewind: {why}", file=sys.stderr)
    elif not quiet:
        print(STOPPED, flush=True)
    raise SystemExit(1 if why else 0)
