"""./dev is the first thing that a newcomer types: it answers at once, in one line, with the way out."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def dev(*args: str, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "dev", *args], cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("args", [(), ("help",), ("--help",), ("-h",)])
def test_help_names_every_command(args: tuple[str, ...]) -> None:
    done = dev(*args)
    assert done.returncode == 0
    assert all(
        f"  {name} " in done.stdout
        for name in ("up", "test", "check", "services", "bench", "run", "lines", "lock", "help")
    )


def test_unknown_command() -> None:
    done = dev("nonsense")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "dev: unknown command 'nonsense'; ./dev help lists them\n"


def test_run_without_a_command() -> None:
    done = dev("run")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_no_python_that_fits() -> None:
    done = dev("check", PYTHON="/nowhere/python3")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("dev: needs Python 3.11 or newer, found none. ")
    assert len(done.stderr.splitlines()) == 1


def test_unknown_server_names_the_known() -> None:
    done = dev("services", "up", "oracle")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("dev services: unknown server 'oracle'; known: postgres")


def test_default_blueprint_needs_no_server(tmp_path: Path) -> None:
    done = dev("services", "env", "default", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_unknown_blueprint_names_the_known() -> None:
    done = dev("services", "env", "nonsense")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("dev services: unknown blueprint 'nonsense'; known: default")
