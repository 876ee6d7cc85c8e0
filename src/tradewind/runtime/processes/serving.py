"""Runs one process of a blueprint: what a container runs, and what the supervisor starts. Imports only what
the process needs.
"""

from __future__ import annotations

import gc
import os

from msgspec.structs import replace

from .. import blueprint as blueprints
from .. import config as settings
from .. import effects
from ..blueprint import BadBlueprint, Blueprint, Process
from ..config import BadSetting, Config
from ..registry import SERVICES
from . import plan, preparing
from .arguments import Arguments
from .reporting import Report


def serve(arguments: Arguments) -> str:
    """Until SIGTERM or Ctrl-C. Nothing after a clean stop, else one line that says why it could not."""
    report = Report(arguments.supervised)
    try:
        chosen = blueprints.load(
            arguments.blueprint,
            folder=plan.FOLDER,
            services=SERVICES,
            environment=os.environ,
            process=arguments.process,
        )
        config = settings.load(os.environ, chosen.settings, arguments.sets)
        plan.check(config, chosen)
        effects.check(config, chosen, os.environ, arguments.sets)
        process = chosen.process(arguments.process)
        if not 1 <= arguments.copy <= process.copies:
            raise BadBlueprint(
                f"{chosen.name}: {process.name} has {process.copies} copies, so --copy is 1 to "
                f"{process.copies}"
            )
        why = _run(
            replace(config, ops_port=plan.ops_port(config, process, arguments.copy)),
            chosen,
            process,
            report,
            arguments,
        )
    except (BadBlueprint, BadSetting) as error:
        why = str(error)
    if why:
        report.failed(why)
    return why


def _run(config: Config, blueprint: Blueprint, process: Process, report: Report, arguments: Arguments) -> str:
    import uvloop

    from ...core.bus import BrokerUnusable
    from ...core.store import StoreUnavailable, StoreUnusable
    from ...drivers.http.server import PortInUse

    trouble = (StoreUnavailable, StoreUnusable, BrokerUnusable, PortInUse, ValueError, OSError)

    def started(url: str) -> None:
        # what a message makes dies with it: looking through all that was loaded at the start, again and
        # again, finds nothing
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        report.ready(url)
        if arguments.supervised < 0:
            print(
                f"tradewind: {process.name} of blueprint {blueprint.name} is up{f' at {url}' if url else ''}",
                flush=True,
            )

    try:
        if process.services:
            # else it has just been seen to; aside, as the steps of all services are imported for it
            if arguments.supervised < 0 and (
                why := preparing.aside(lambda: preparing.own_schema(config, blueprint, process.services))[1]
            ):
                return why
            if config.database_roles == "on" and arguments.supervised >= 0 and len(process.services) == 1:
                from ..database_roles import url_of

                (service,) = process.services
                own = {service: url_of(config, blueprint, service)}
                blueprint = replace(blueprint, stores={**blueprint.stores, **own})
        from .built import BuiltProcess

        built = BuiltProcess(config, blueprint, process, plan.name_of(process, arguments.copy))
        if arguments.supervised < 0:  # else its supervisor says so, once for all
            effects.tell(blueprint, os.environ)

        def ready(url: str) -> None:
            if built.login is not None and not config.admin_password:
                login = built.login
                shown = f"the first admin is {login.email}, password {login.password}, shown this once"
                print(f"tradewind: {shown}", flush=True)
            started(url)

        uvloop.run(built.run(ready))
    except trouble as error:
        return " ".join(str(error).split()) or type(error).__name__
    return ""
