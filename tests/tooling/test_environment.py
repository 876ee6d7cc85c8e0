"""When the environment is made anew, and that the lock file can make it anywhere."""

import re
import tomllib
from pathlib import Path

import pytest

from tools import environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One whose environment is as its lock file says."""
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(environment, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(environment, "STAMP", tmp_path / ".venv" / ".made-from")
    (tmp_path / "requirements.lock").write_text("msgspec==1\n")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    environment.STAMP.write_text(environment.wanted())
    return tmp_path


def test_made_once(checkout: Path) -> None:
    assert environment.fits()
    assert environment.main() == 0


def test_changed_lock_is_seen(checkout: Path) -> None:
    (checkout / "requirements.lock").write_text("msgspec==2\n")
    assert not environment.fits()
    assert not environment.moved()


def test_copied_checkout_is_seen(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "ROOT", checkout / "elsewhere")
    assert not environment.fits()
    assert environment.moved()


def test_python_without_venv_says_what_to_install(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (checkout / ".venv" / "bin" / "python").unlink()
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert environment.main() == 1
    assert "apt-get install python3-venv" in capfd.readouterr().err


def test_failed_install_is_tried_again(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (checkout / "requirements.lock").write_text("msgspec==2\n")
    monkeypatch.setattr("shutil.which", lambda name: "/bin/false")
    assert environment.main() == 1
    assert not environment.STAMP.exists()
    assert "the next ./dev tries again" in capfd.readouterr().err


def test_lock_pins_every_dependency_with_hashes_and_names_no_index() -> None:
    text = (ROOT / "requirements.lock").read_text()
    pinned = re.findall(r"^([a-z0-9-]+)==\S+(?: ; [^\\]+)? \\\n    --hash=sha256:", text, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = [
        *project["dependencies"],
        *(need for extra in project["optional-dependencies"].values() for need in extra),
    ]
    names = {re.split(r"[><=\[;]", need)[0] for need in listed} - {"tradewind"}
    assert names <= set(pinned)
    assert len(pinned) == len(re.findall(r"^[^\s#]", text, re.MULTILINE))
    assert "://" not in text
