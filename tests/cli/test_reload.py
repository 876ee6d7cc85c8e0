"""`tradewind up --reload` starts again on a change and after an error, and drains what it stops."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.program import PROGRAM, environment, run
from tests.support.shop import until
from tradewind.cli.reload import Watched

RELOADER = """
import sys
from pathlib import Path
from tradewind.cli.reload import Reloader, Watched
sys.exit(Reloader([sys.executable, sys.argv[1]], Watched([Path(sys.argv[1])])).run())
"""


def touch(path: Path, text: str) -> None:
    """Replaces it at once, with a time that differs."""
    new = path.with_name("new")
    new.write_text(text)
    later = new.stat().st_mtime_ns + 1_000_000_000
    os.utime(new, ns=(later, later))
    new.replace(path)


def test_a_change_is_seen_once(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    code, other = tmp_path / "deep" / "service.py", tmp_path / "notes.txt"
    code.write_text("a = 1")
    watched = Watched([tmp_path])
    assert watched.changed() is None
    touch(other, "no code")
    assert watched.changed() is None
    touch(code, "a = 2")
    assert (watched.changed(), watched.changed()) == (code, None)
    (made := tmp_path / "made.toml").write_text("")
    assert watched.changed() == made
    code.unlink()
    assert (watched.changed(), watched.changed()) == (code, None)


def test_it_starts_again_and_drains(tmp_path: Path) -> None:
    code, told = tmp_path / "code.py", tmp_path / "told"
    told.touch()
    waits = (
        "import signal, sys\n"
        f"tell = lambda word: print(word, file=open({str(told)!r}, 'a'), flush=True)\n"
        "signal.signal(signal.SIGTERM, lambda *_: (tell('drained'), sys.exit(0)))\n"
        "tell('NAME')\n"
        "signal.pause()\n"
    )
    code.write_text(waits.replace("NAME", "first"))

    def says(*words: str) -> None:
        until(lambda: told.read_text().split() == [*words], " ".join(words), 60)

    with subprocess.Popen(
        [sys.executable, "-c", RELOADER, str(code)], stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            says("first")
            touch(code, waits.replace("NAME", "second"))
            says("first", "drained", "second")
            touch(code, "raise SystemExit(3)")
            assert running.stderr is not None
            until(lambda: "exit code 3" in running.stderr.readline(), "it has failed", 60)  # type: ignore[union-attr]
            touch(code, waits.replace("NAME", "third"))
            says("first", "drained", "second", "drained", "third")
        finally:
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=120)
    assert running.returncode == 0
    says("first", "drained", "second", "drained", "third", "drained")


def test_up_reloads_a_changed_blueprint(tmp_path: Path) -> None:
    import tradewind.runtime.blueprint as blueprints

    (file := tmp_path / "mine.toml").write_text(
        (Path(blueprints.__file__).parent / "blueprints" / "default.toml").read_text()
    )
    command = [*PROGRAM, "up", "--blueprint", str(file), "--data", str(tmp_path / "shop"), "--port", "0"]
    out, errors = tmp_path / "out", tmp_path / "errors"
    with (
        out.open("w") as stdout,
        errors.open("w") as stderr,
        subprocess.Popen([*command, "--reload"], env=environment(), stdout=stdout, stderr=stderr) as running,
    ):
        try:
            until(lambda: out.read_text().count("Ctrl-C stops it") == 1, "up", 90)
            touch(file, file.read_text() + "\n# changed\n")
            until(lambda: out.read_text().count("Ctrl-C stops it") == 2, "up again", 90)
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(90)
    assert running.returncode == 0
    assert out.read_text().count("everything that was accepted is kept") == 2
    assert f"tradewind: {file} has changed: starting again" in errors.read_text()


def test_a_bad_setting_is_told_at_once(tmp_path: Path) -> None:
    done = run("up", "--reload", "--data", str(tmp_path), "--set", "nonsense=1")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
