"""`.env` files as the published systems write them."""

from pathlib import Path

import pytest

from tests.support.program import run
from tradewind.runtime.env_file import BadEnvFile, apply, parse


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("export A=b", "b"),
        ("  A = b c  # a comment", "b c"),
        ("A='b # c'", "b # c"),
        ('A="b # c" # d', "b # c"),
        ('A="b\\nc"', "b\nc"),
        ("A='b\\nc'", "b\\nc"),
        ("A=`b'c`", "b'c"),
        ("A='two\nlines'", "two\nlines"),
        ("A=$HOME and ${B}", "$HOME and ${B}"),
        ("A=", ""),
        ("A=b\r\n", "b"),
        ("A=postgres://u:p@h/d?sslmode=require", "postgres://u:p@h/d?sslmode=require"),
        ("A=1\nA=2", "2"),
        ("# A=1\n\nA=2\n# end", "2"),
    ],
)
def test_a_line(line: str, value: str) -> None:
    assert parse(line) == {"A": value}


def test_an_empty_value_takes_nothing_of_the_next_line() -> None:
    assert parse("A=\nB=2\n") == {"A": "", "B": "2"}


def test_the_environment_wins_and_the_option_is_taken_out(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=file\nB=file\nC=file\n")
    environment = {"A": "mine", "B": "", "TRADEWIND_ENV_FILE": "/nowhere"}
    words = ["up", "--env-file", str(file), "--port", "0"]
    assert apply(words, environment) == ["up", "--port", "0"]
    assert environment == {"A": "mine", "B": "file", "C": "file"}
    assert apply([f"--env-file={file}", "--", "--env-file", "x"], {}) == ["--", "--env-file", "x"]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"A=\xff")
    for words in (["--env-file", "/nowhere"], ["--env-file", str(tmp_path / "bad")], ["--env-file"]):
        with pytest.raises(BadEnvFile, match="--env-file"):
            apply(words, {})


@pytest.mark.parametrize("by", ["option", "variable"])
def test_of_a_command(by: str, tmp_path: Path) -> None:
    file = tmp_path / "shop.env"
    file.write_text("TRADEWIND_PORT=4321 # the shop's\n")
    if by == "option":
        done = run("config", "--env-file", str(file))
    else:
        done = run("config", env_file=str(file))
    assert (done.returncode, "4321" in done.stdout) == (0, True), done.stderr
    done = run("config", "--env-file", "/nowhere/.env")
    assert (done.returncode, done.stderr) == (
        1,
        "tradewind: --env-file /nowhere/.env: No such file or directory\n",
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("TRADEWIND_PROT=1", "is not a setting; did you mean TRADEWIND_PORT?"),
        ("TRADEWIND_PORT=http", "'http' is not a whole number from 0 to 65535"),
    ],
)
def test_a_wrong_line_is_told_with_the_name_of_its_file(line: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "shop.env"
    file.write_text(f"{line}\n")
    done = run("config", "--env-file", str(file))
    assert done.returncode == 1
    name = line.partition("=")[0]
    assert done.stderr.startswith(f"tradewind: {name} (--env-file {file})") and says in done.stderr


@pytest.mark.parametrize("command", ["up", "serve"])
def test_the_help_names_the_option(command: str) -> None:
    done = run(command, "--help")
    assert (done.returncode, "--env-file FILE" in done.stdout) == (0, True), done.stdout
