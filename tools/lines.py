"""Says how many lines a change costs and where, so that "a new driver takes 250 lines" is a count.

Moved files count as far as their text differs, binary files not at all.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TESTS = "tests"


class Change(NamedTuple):
    """Lines of one file, or of all files of a folder."""

    added: int
    removed: int
    files: int = 1

    def __add__(self, other: object) -> Change:
        if not isinstance(other, Change):
            return NotImplemented
        return Change(self.added + other.added, self.removed + other.removed, self.files + other.files)


def changes(text: str) -> Iterator[tuple[PurePosixPath, Change]]:
    """The files of `git diff --numstat -z`; a moved one under its new name."""
    fields = iter(text.split("\0"))
    for field in fields:
        if not field:
            continue
        added, removed, name = field.split("\t")
        if not name:  # moved: the old and the new name follow
            next(fields)
            name = next(fields)
        if added != "-":
            yield PurePosixPath(name), Change(int(added), int(removed))


def by_folder(files: Iterable[tuple[PurePosixPath, Change]], depth: int) -> dict[str, Change]:
    """Sums, by the first `depth` parts of each file's folder; `.` is the project's folder itself."""
    found: dict[str, Change] = {}
    for path, change in files:
        folder = "/".join(path.parent.parts[:depth]) or "."
        found[folder] = found.get(folder, Change(0, 0, 0)) + change
    return dict(sorted(found.items()))


def table(sums: dict[str, Change]) -> Iterator[str]:
    """Lines to print: the program first, then the tests, each with its sum."""
    tests = {name: change for name, change in sums.items() if name.split("/")[0] == TESTS}
    rest = {name: change for name, change in sums.items() if name not in tests}
    width = max([len("without tests"), *map(len, sums)])
    yield f"{'':{width}} {'added':>8} {'removed':>8} {'files':>6}"
    for title, part in (("without tests", rest), (TESTS, tests)):
        for name, change in part.items():
            if name != title:
                yield _line(name, change, width)
        yield _line(title, sum(part.values(), Change(0, 0, 0)), width)
        yield ""


def _line(name: str, change: Change, width: int) -> str:
    return f"{name:{width}} {change.added:>8,} {change.removed:>8,} {change.files:>6,}"


def diff(root: Path, before: str, after: str) -> str:
    """Errors: SystemExit with git's own reason."""
    command = ["git", "diff", "--numstat", "-z", "--find-renames", before, after, "--"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"dev lines: {done.stderr.strip().splitlines()[0]}")
    return done.stdout


def main(words: list[str], root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(
        prog="./dev lines",
        description="Lines added and removed between two commits, by folder, tests apart.",
        epilog="example: ./dev lines v0.1.0 HEAD --depth 4",
    )
    parser.add_argument("before", help="a commit, branch or tag")
    parser.add_argument("after", help="a later one", nargs="?", default="HEAD")
    parser.add_argument("--depth", type=int, default=3, help="how deep folders are told apart (3)")
    asked = parser.parse_args(words)
    if asked.depth < 1:
        parser.error("--depth is at least 1")
    files = changes(diff(root, asked.before, asked.after))
    print("\n".join(table(by_folder(files, asked.depth))).rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
