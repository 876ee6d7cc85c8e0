"""The commands of a supervisor. Apart from running them, so that a process that only serves imports nothing
of that.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

FD = "{fd}"


class Command(msgspec.Struct, frozen=True):
    """The word FD of `argv` becomes the descriptor to report on (`reporting.Report`). Lower stages are
    stopped first. `variables` are set beside those that all have.
    """

    name: str
    argv: tuple[str, ...]
    stage: int = 0
    variables: Mapping[str, str] = {}
