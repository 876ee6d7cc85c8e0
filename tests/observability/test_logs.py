"""Every line is one JSON object, whoever wrote it, and no line can stop the program."""

import json
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tradewind.observability import logs
from tradewind.observability.access import AccessLog


class Lines:
    """Logging into a file, as it is to stderr."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)

    def set_up(self, level: str = "info", format: str = "json") -> AccessLog:
        return logs.set_up(level, format, fd=self.fd)

    def text(self) -> str:
        return self.path.read_text()

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]

    def last(self) -> dict[str, Any]:
        return self.all()[-1]


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Lines]:
    root = logging.getLogger()
    before = root.handlers[:], root.level, {name: logging.getLogger(name).level for name in logs.LOUD}
    lines = Lines(tmp_path / "log")
    yield lines
    logging.captureWarnings(False)
    root.handlers[:], root.level = before[0], before[1]
    for name, level in before[2].items():
        logging.getLogger(name).setLevel(level)
    os.close(lines.fd)


def test_ours_and_the_libraries_lines_have_one_shape(lines: Lines) -> None:
    logs.set_up(process="orders-1", fd=lines.fd)
    logging.getLogger("tradewind.orders").info("order placed", extra={"fields": {"order": "o-1", "lines": 2}})
    logging.getLogger("library").warning("slow: %d ms", 250)
    ours, theirs = lines.all()
    assert list(ours) == ["ts", "level", "event", "logger", "process", "order", "lines"]
    assert list(ours.values())[1:] == ["info", "order placed", "tradewind.orders", "orders-1", "o-1", 2]
    assert list(theirs) == ["ts", "level", "event", "logger", "process"]
    assert (theirs["level"], theirs["event"]) == ("warning", "slow: 250 ms")
    assert len(ours["ts"]) == len("2026-11-21T09:30:00.123Z")


def test_one_process_alone_has_no_name(lines: Lines) -> None:
    lines.set_up()
    logging.getLogger("x").info("hello")
    assert list(lines.last()) == ["ts", "level", "event", "logger"]


def test_secrets_are_masked_wherever_they_stand(lines: Lines) -> None:
    lines.set_up()
    facts = {"password": "hunter2", "body": {"refreshToken": "hunter2"}}
    logging.getLogger("x").info("log in", extra={"fields": facts})
    logging.getLogger("y").error("refused password=hunter2")
    try:
        raise ValueError("token=hunter2")
    except ValueError:
        logging.getLogger("x").exception("failed")
    assert "hunter2" not in lines.text()
    assert "ValueError" in lines.last()["exception"]


def test_below_the_level_nothing_is_written(lines: Lines) -> None:
    lines.set_up("warning")
    logging.getLogger("y").info("no")
    logging.getLogger("x").warning("yes")
    assert [line["event"] for line in lines.all()] == ["yes"]


def test_warnings_are_lines(lines: Lines) -> None:
    lines.set_up()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        logging.captureWarnings(False)
    assert "DeprecationWarning: old" in lines.last()["event"]


def test_what_json_cannot_hold_is_told_somehow(lines: Lines) -> None:
    lines.set_up()
    odd = {"path": Path("/a"), "raw": b"\xff", "big": 10**30, "key": {1: {2}}}
    logging.getLogger("x").info("odd \ud800", extra={"fields": odd})
    logging.getLogger("y").info("%d", "no number")
    assert [line["logger"] for line in lines.all()] == ["x", "logs"]


def test_people_get_colour_and_the_same_masks(lines: Lines) -> None:
    lines.set_up(format="console").write("r", "", "GET", "/x", 404, 1.25)
    logging.getLogger("x").warning("hello", extra={"fields": {"token": "hunter2"}})
    assert "hello" in lines.text()
    assert "GET    /x" in lines.text()
    assert "hunter2" not in lines.text()
