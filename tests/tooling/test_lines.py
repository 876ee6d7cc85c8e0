"""./dev lines: what a change costs, counted by git and summed by folder."""

import subprocess
from pathlib import Path, PurePosixPath

import pytest

from tools import lines
from tools.lines import Change


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits, tagged `a` and `b`: a new driver with a test, a moved file, an edited README."""

    def git(*words: str) -> None:
        who = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    def write(name: str, text: str) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    git("init", "-q")
    write("README.md", "one\ntwo\n")
    write("src/shop/old name.py", "".join(f"line {n}\n" for n in range(20)))
    write("picture.bin", "\0\1")
    git("add", "-A")
    git("commit", "-qm", "first")
    git("tag", "a")
    write("README.md", "one\n2\nthree\n")
    git("mv", "src/shop/old name.py", "src/shop/new.py")
    write("src/shop/drivers/kafka/bus.py", "a\nb\nc\n")
    write("tests/drivers/test_kafka.py", "a\n")
    write("picture.bin", "\0\2")
    git("add", "-A")
    git("commit", "-qm", "second")
    git("tag", "b")
    return tmp_path


def test_sums_by_folder_with_tests_apart(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lines.main(["a", "b"], repository) == 0
    found = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert found == [
        ["added", "removed", "files"],
        [".", "2", "1", "1"],
        ["src/shop", "0", "0", "1"],
        ["src/shop/drivers", "3", "0", "1"],
        ["without", "tests", "5", "1", "3"],
        [],
        ["tests/drivers", "1", "0", "1"],
        ["tests", "1", "0", "1"],
    ]


def test_depth(repository: Path) -> None:
    files = list(lines.changes(lines.diff(repository, "a", "b")))
    assert lines.by_folder(files, 1) == {".": Change(2, 1), "src": Change(3, 0, 2), "tests": Change(1, 0)}
    assert lines.by_folder(files, 4)["src/shop/drivers/kafka"] == Change(3, 0)


def test_a_moved_file_has_its_new_name() -> None:
    assert list(lines.changes("1\t2\t\0old\0new/file\0")) == [(PurePosixPath("new/file"), Change(1, 2))]


def test_an_unknown_commit_is_one_line(repository: Path) -> None:
    with pytest.raises(SystemExit, match=r"^dev lines: fatal: .*nowhere"):
        lines.main(["nowhere"], repository)


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        lines.main(["--help"])
    assert ended.value.code == 0
    assert "example: ./dev lines " in capsys.readouterr().out
