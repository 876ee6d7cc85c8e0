"""AsyncAPI's own parser finds nothing wrong in the descriptions of our events."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.interop.nest import installed
from tests.support.needs import NODE_ASYNCAPI
from tradewind.operations import asyncapi_files as files

pytestmark = pytest.mark.node
HERE = Path(__file__).with_name("asyncapi")


Found = dict[str, tuple[list[str], int]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Of each description, what is wrong in it and how many channels it has; `wrong` lacks a channel."""
    installed(HERE, "@asyncapi/parser", NODE_ASYNCAPI)
    described = [files.FILES / f"{name}.json" for name in files.names()]
    document = json.loads((files.FILES / "events.json").read_bytes())
    del document["channels"]["order.created"]
    wrong = tmp_path_factory.mktemp("asyncapi") / "wrong.json"
    wrong.write_text(json.dumps(document))
    words = ["node", str(HERE / "check.js"), *map(str, [*described, wrong])]
    done = subprocess.run(words, capture_output=True, text=True, timeout=240, check=True)
    return {Path(one["file"]).stem: (one["wrong"], one["channels"]) for one in json.loads(done.stdout)}


def test_the_parser_of_asyncapi_reads_every_description(found: Found) -> None:
    for name in files.names():
        wrong, channels = found[name]
        assert not wrong, name
        assert channels == len(files.of_blueprint(name)["channels"])


def test_what_is_wrong_is_found(found: Found) -> None:
    wrong, _ = found["wrong"]
    assert wrong
