"""Reads the `.env` files of the published systems, by the rules of npm's dotenv, which they use.

The environment counts more than the file. Nothing is expanded: `$` stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from pathlib import Path

OPTION, VARIABLE = "--env-file", "TRADEWIND_ENV_FILE"
FROM: dict[str, str] = {}  # which variables of this process come from a file, and from which
_LINE = re.compile(
    r"""^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)"""
    r"""(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?[ \t]*(?:\#.*)?$""",
    re.MULTILINE,
)


class BadEnvFile(Exception):
    """One line that says what is wrong with the file."""


def apply(words: list[str], environment: MutableMapping[str, str]) -> list[str]:
    """Adds to the environment what the file of `--env-file` or TRADEWIND_ENV_FILE says, and returns the words
    without that option. Errors: BadEnvFile.
    """
    rest, name = list[str](), environment.pop(VARIABLE, "")
    left = iter(words)
    for word in left:
        if word == OPTION:
            name = next(left, "")
            if not name:
                raise BadEnvFile(f"{OPTION}: write {OPTION} FILE")
        elif word.startswith(f"{OPTION}="):
            name = word.partition("=")[2]
        else:
            rest.append(word)
            if word == "--":
                break
    rest += left
    if name:
        for key, text in read(Path(name)).items():
            if not environment.get(key):  # an empty variable counts as unset
                environment[key] = text
                FROM[key] = f"{OPTION} {name}"
    return rest


def read(path: Path) -> dict[str, str]:
    """Errors: BadEnvFile."""
    try:
        return parse(path.read_text("utf-8-sig"))
    except OSError as error:
        raise BadEnvFile(f"{OPTION} {path}: {error.strerror}") from error
    except ValueError as error:
        raise BadEnvFile(f"{OPTION} {path}: not a text in UTF-8") from error


def parse(text: str) -> dict[str, str]:
    """A name that stands twice has its last value."""
    return {found[1]: _value(found[2] or "") for found in _LINE.finditer(text.replace("\r\n", "\n"))}


def _value(text: str) -> str:
    text = text.strip()
    if len(text) < 2 or text[0] != text[-1] or text[0] not in "'\"`":
        return text
    inner = text[1:-1]
    return inner.replace("\\n", "\n").replace("\\r", "\r") if text[0] == '"' else inner
