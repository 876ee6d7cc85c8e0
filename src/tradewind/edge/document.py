"""Reads the YAML of a Kong file with its variables filled in, and refuses what would otherwise pass in
silence: an unset variable, a key that is given twice.

A variable is filled in after the file is parsed, so that one in a comment is not asked for, and a value
cannot change the structure of the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..core.extras import MissingExtra

try:
    import yaml
except ImportError as missing:
    raise MissingExtra("a Kong file is read by PyYAML", "edge") from missing

_VARIABLE = re.compile(r"\$\{([A-Za-z_][^}\n]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MARK = re.compile("\ue000([0-9]+)\ue001")
MERGE = "tag:yaml.org,2002:merge"


class BadFile(ValueError):
    """One sentence for the person who wrote the file: which part of it, and what is wrong with it."""


def parse(text: str, file: str, environment: Mapping[str, str]) -> Any:
    """The content of a YAML file. `file` is its name in messages. Errors: BadFile."""
    names: list[str] = []

    def mark(found: re.Match[str]) -> str:
        names.append(found[1])
        return f"\ue000{len(names) - 1}\ue001"

    loader = _Loader(_VARIABLE.sub(mark, text), file, names, environment)
    try:
        return loader.get_single_data()
    except BadFile:
        raise
    except yaml.MarkedYAMLError as error:
        at = f":{error.problem_mark.line + 1}" if error.problem_mark is not None else ""
        raise BadFile(
            f"{file}{at}: not YAML: {_MARK.sub('a variable', error.problem or 'unreadable')}"
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadFile(f"{file}: not YAML: {' '.join(str(error).split())}") from None
    finally:
        loader.dispose()


class _Loader(yaml.SafeLoader):
    def __init__(self, text: str, file: str, names: list[str], environment: Mapping[str, str]) -> None:
        super().__init__(text)
        self._file, self._names, self._environment = file, names, environment

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        node = super().compose_scalar_node(anchor)
        if "\ue000" not in node.value:
            return node
        line = node.start_mark.line + 1
        filled = _MARK.sub(lambda found: self._fill(self._names[int(found[1])], line), node.value)
        if node.style is None:  # plain: a number stays a number
            node.tag = self.resolve(yaml.ScalarNode, filled, (True, False))  # type: ignore[no-untyped-call]
        node.value = filled
        return node

    def _fill(self, name: str, line: int) -> str:
        place = f"{self._file}:{line}"
        if not _NAME.fullmatch(name):
            raise BadFile(f"{place}: ${{{name}}} is not understood; write ${{NAME}}, without a default")
        value = self._environment.get(name, "")
        if not value:
            raise BadFile(f"{place}: the variable {name} is not set")
        return value

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == MERGE:
                continue
            if key.value in seen:
                raise BadFile(
                    f"{self._file}:{key.start_mark.line + 1}: {key.value!r} is given twice in one place"
                )
            seen.add(key.value)
        return node
