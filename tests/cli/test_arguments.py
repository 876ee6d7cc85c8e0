"""An argument that is no id or URL is told as such, and never as a shop that does not answer."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.support.program import PROGRAM, environment, run
from tests.support.shop import Shop
from tests.support.shops import OpenShop

STRANGE = (b"a\x01b", b"a/../b?c#d e", b"", b"\xff", "é".encode(), b"%2e%2e", b"..")
NO_URL = (
    "http://127.0.0.1:99999",
    "foo",
    "http://[::1",
    "http://a b/",
    "http://x\x01y",
    "ftp://x",
    "http://",
)


def ask(shop: Shop, *words: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [*map(os.fsencode, PROGRAM), *words, b"--data", os.fsencode(shop.keeping.data)]
    return subprocess.run(command, env=environment(**shop.settings), capture_output=True, timeout=120)


@pytest.mark.parametrize("argument", STRANGE)
def test_a_strange_id_is_not_there(shop: Shop, argument: bytes) -> None:
    no(b"order", ask(shop, b"timeline", argument))


@pytest.mark.parametrize("command", ["show", "replay", "discard"])
def test_a_strange_dead_letter_is_not_there(shop: Shop, command: str) -> None:
    no(b"dead letter", ask(shop, b"dead-letters", command.encode(), b"a\x01b/c"))


def test_it_is_not_there_in_a_stopped_shop_either(new_shop: OpenShop) -> None:
    no(b"order", ask(new_shop(), b"timeline", b"a\x01b/c?d"))


def no(what: bytes, done: subprocess.CompletedProcess[bytes]) -> None:
    assert done.stderr.startswith(b"tradewind: no " + what), done.stderr
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)


@pytest.mark.parametrize(
    ("url", "words"), [*((url, ("demo", "--orders", "1")) for url in NO_URL), (NO_URL[0], ("load", "smoke"))]
)
def test_what_is_no_url_is_told_as_such(url: str, words: tuple[str, ...]) -> None:
    done = run(*words, "--url", url)
    assert done.returncode in (1, 2)
    assert done.stderr.splitlines()[-1] == f"tradewind: --url {url}: write http://HOST:PORT"
