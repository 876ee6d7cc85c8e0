"""A command whose output is lost says so in one line, and its exit code is not 0."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.program import PROGRAM, environment

COMMANDS = ("openapi", "blueprints", "config --json", "up --help")
FULL, CLOSED = (
    "tradewind: standard output cannot be written: No space left on device\n",
    "tradewind: standard output is closed: send it to a file, or to /dev/null\n",
)


def shell(line: str, *words: str) -> subprocess.CompletedProcess[str]:
    """`"$@"` in the line is the command."""
    return subprocess.run(
        ["bash", "-c", line, "bash", *PROGRAM, *words],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_told(command: str) -> None:
    done = shell('"$@" > /dev/full', *command.split())
    assert (done.returncode, done.stderr) == (1, FULL)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_closed_output_is_told(command: str) -> None:
    done = shell('"$@" >&-', *command.split())
    assert (done.returncode, done.stderr) == (1, CLOSED)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_who_has_enough_is_no_error_to_read_about(command: str) -> None:
    done = shell('"$@" | true; exit ${PIPESTATUS[0]}', *command.split())
    assert (done.returncode, done.stdout, done.stderr) == (141, "", "")


def test_a_start_whose_login_nobody_can_read_ends(tmp_path: Path) -> None:
    words = ("up", "--data", str(tmp_path / "data"), "--port", "0")
    done = shell('"$@" > /dev/full', *words)
    assert (done.returncode, done.stderr.splitlines(keepends=True)[-1]) == (1, FULL)
    done = shell('"$@" >&-', *words)
    assert (done.returncode, done.stderr) == (1, CLOSED)


@pytest.mark.parametrize("closed", ["2>&-", "<&-", "2>&- <&-"])
def test_other_streams_may_be_closed(closed: str) -> None:
    done = shell(f'"$@" {closed}', "blueprints")
    assert done.returncode == 0
    assert "default" in done.stdout
