"""The parts of ./dev services that no server is needed for."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tools.servers import KNOWN, NEEDS, __main__, machine
from tools.servers.model import Unstarted

POSTGRES = KNOWN["postgres"]


def test_blueprints_need_known_servers() -> None:
    assert {name for needed in NEEDS.values() for name in needed} <= set(KNOWN)


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(POSTGRES), "installed", lambda self: False)
    with pytest.raises(Unstarted, match="apt-get install postgresql"):
        __main__.up(POSTGRES)


def test_taken_port_is_passed_over_and_remembered(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        (tmp_path / "port").write_text(f"{taken}\n")
        port = machine.choose_port(POSTGRES, tmp_path)
    assert port > taken
    assert machine.remembered_port(POSTGRES, tmp_path) == port
    assert machine.choose_port(POSTGRES, tmp_path) == port


def test_a_process_is_ours_only_with_our_mark() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input(1)", "our-mark"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout and process.stdout.read(1) == b"1"
        assert machine.runs(process.pid, "our-mark")
        assert not machine.runs(process.pid, "other-mark")
    finally:
        process.communicate(b"\n")
    assert not machine.runs(process.pid, "our-mark")


def test_home_that_someone_else_made_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "account", lambda server: None)
    monkeypatch.setattr(machine, "SERVICES", tmp_path)
    folder = machine.prepare(POSTGRES)
    assert folder.stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(Unstarted, match="belongs to another user"):
        machine.prepare(POSTGRES)
