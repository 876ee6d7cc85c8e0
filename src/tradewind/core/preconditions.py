"""Says which versions a caller has seen of what it changes, so that a change by somebody else in between is
not overwritten in silence.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, UnsetType

from .model import Refused

MOST = 100
Seen = Annotated[tuple[int, ...], Meta(max_length=MOST)] | UnsetType
"""A field of a request: the change is made to one of these versions only; UNSET: to any."""


def check(seen: Seen, version: int) -> None:
    """In the transaction of the change. Errors: Refused 412."""
    if not isinstance(seen, UnsetType) and version not in seen:
        says = f"It was changed by somebody else; it is version {version} now."
        raise Refused("precondition_failed", 412, says, version=version)
