"""Prints the descriptions of the platform: its API, messages, blueprints and settings."""

from __future__ import annotations

import os

from ..runtime.processes.plan import FOLDER
from .common import Data, Json, Sets, Which, fail, read, show


def openapi() -> None:
    """Print the API's description (OpenAPI 3.1).

    Example: tradewind openapi > openapi.json
    """
    from ..apis.v1.openapi import openapi_json

    print(openapi_json().decode())


def asyncapi(blueprint: Which = "default") -> None:
    """Print the description of the events (AsyncAPI 3.0), in the form in which a blueprint publishes them.

    Example: tradewind asyncapi > asyncapi.json
    """
    from ..operations.asyncapi_files import described

    config, chosen = read(blueprint, None)
    try:
        show(described(chosen, config))
    except ValueError as error:
        fail(error)


def blueprints(json: Json = False) -> None:
    """List the blueprints.

    Example: tradewind blueprints
    """
    from ..runtime.blueprint import listing

    found = listing(FOLDER)
    if json:
        show([{"name": name, "says": says} for name, says in found])
    else:
        for name, says in found:
            print(f"{name:12} {says}")


def config(blueprint: Which = "default", data: Data = None, sets: Sets = None, json: Json = False) -> None:
    """Print every setting: its value, where that comes from, and what it means.

    Example: tradewind config --set PORT=9000
    """
    from ..runtime import config as settings

    _, chosen = read(blueprint, sets, data=data)
    try:
        rows = settings.explain(
            os.environ, chosen.settings, [*(sets or []), *([f"data={data}"] if data else [])]
        )
    except settings.BadSetting as error:
        fail(error)
    if json:
        show(rows)
        return
    for row in rows:
        print(
            f"{row.name:30} {row.value or '(empty)':24} {row.source:12} {row.doc} [{row.unit}; default "
            f"{row.default or 'empty'}]"
        )
