"""Declares what a setting is; the part that uses one declares it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from . import readers


class Setting(msgspec.Struct, frozen=True):
    """How a text becomes a value. `secret` ones are never shown; `shown` is what may be seen of the text of
    others. `only`: whether it has an effect, beside the settings in force and the policies of a blueprint;
    None: always.
    """

    read: readers.Reader[Any]
    default: str
    unit: str
    doc: str
    secret: bool = False
    shown: readers.Reader[str] = str
    only: Callable[[Mapping[str, Any]], bool] | None = None
