"""What nobody may read is planted in every place where it can come in, and looked for in all that the running
shop says and keeps.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.canary import CARD, JWT_SECRET, PAYMENT_TOKEN, Seen, accounts, bugs, nonsense, orders
from tests.support.keeping import nothing
from tests.support.people import PERSONS, People
from tests.support.program import run
from tests.support.shop import Shop, until
from tests.support.shops import OpenShop, furnish


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """After that day; the shop still runs."""
    data = tmp_path_factory.mktemp("canary") / "shop"
    shop = Shop(
        nothing(data, "sqlite"), People(), jwt_secret=JWT_SECRET, log_level="debug", provider_faults="0.3"
    )
    try:
        shop.start()
        furnish(shop)
        seen = Seen(shop)
        accounts(seen)
        orders(seen)
        nonsense(seen)
        shop.settle()
        bugs(seen)
        yield seen
    finally:
        shop.close()


@pytest.fixture(scope="module")
def said(seen: Seen) -> dict[str, bytes]:
    """All output of the platform, by channel."""
    shop, data = seen.shop, seen.shop.keeping.data
    with shop.connect() as connection:
        found = {
            path: connection.call("GET", path).body
            for path in ("/metrics", "/health/ready", "/openapi.json", "/docs")
        }
    letters = shop.letters()
    commands = [
        ("audit", "--json"),
        ("audit",),
        ("config",),
        ("config", "--json"),
        ("stats",),
        ("dead-letters", "list"),
        ("dead-letters", "show", letters[0]["id"]),
        ("timeline", letters[0]["key"] or shop.order()),
    ]
    for words in commands:
        done = run(*words, *(() if "config" in words else ("--data", str(data))), **shop.settings)
        found[" ".join(words)] = (done.stdout + done.stderr).encode()
    found["stdout"], found["stderr"] = data.with_suffix(".out").read_bytes(), shop.log.read_bytes()
    for number, answer in enumerate(seen.answers):
        found[f"answer {number} ({answer.status})"] = answer.body + repr(answer.headers).encode()
    return found


def test_no_secret_leaves_the_house(seen: Seen, said: dict[str, bytes]) -> None:
    leaks = [
        f"{what} is in {where}"
        for what, secret in seen.secrets().items()
        for where, text in said.items()
        if secret in text
    ]
    leaks += [
        f"a payment token is in {where}" for where, text in said.items() if PAYMENT_TOKEN.encode() in text
    ]
    assert leaks == []


def test_the_day_was_bad_enough(seen: Seen, said: dict[str, bytes]) -> None:
    """Else the journey would prove less than it says."""
    assert {answer.status for answer in seen.answers} >= {200, 201, 400, 401, 409, 422}
    assert b"Traceback" in said["stderr"]
    assert b"DEAD" in said["dead-letters list"]
    assert len(seen.tokens) == 4 * len(PERSONS)
    assert all(said.values())


def test_no_card_number_is_logged(said: dict[str, bytes]) -> None:
    """It may stand where its owner has written it, in a name or a reason, and nowhere else."""
    places = [where for where in said if not where.startswith(("answer", "timeline"))]
    assert [
        where
        for where in places
        if CARD.encode() in said[where] or CARD.replace(" ", "").encode() in said[where]
    ] == []


def test_no_file_holds_what_opens_a_door(seen: Seen) -> None:
    """Passwords are hashes, sessions are numbers; keys of clients are hashes with a key."""
    files = [path for path in seen.shop.keeping.data.iterdir() if path.is_file()]
    assert {"tradewind.db", "tradewind.db-wal", "provider.db", "operator.json"} <= {
        path.name for path in files
    }
    leaks = [
        f"{what} is in {path.name}"
        for what, secret in seen.secrets().items()
        for path in files
        if secret in path.read_bytes()
    ]
    assert leaks == []
    assert {path.name: path.stat().st_mode & 0o077 for path in files} == {path.name: 0 for path in files}
    assert seen.shop.keeping.data.stat().st_mode & 0o077 == 0


def test_a_payment_token_is_forgotten_once_it_is_settled(seen: Seen) -> None:
    """By the rows that decide, and within a minute by the log. A dead letter keeps what it holds."""
    keeping = seen.shop.keeping
    keeping.sql("DELETE FROM {orders.log} WHERE key = ''")  # planted: it holds the token in its total as well
    until(
        lambda: PAYMENT_TOKEN not in str(keeping.sql("SELECT body FROM {orders.log}")),
        "the log holds no token",
        60,
    )
    told = [body for (body,) in keeping.sql("SELECT body FROM {orders.log} WHERE name = 'payment.requested'")]
    assert told and all('"token":""' in body for body in told)
    tables = [name for (name,) in keeping.sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
    holding = {
        name
        for name in tables
        if any(PAYMENT_TOKEN in str(row) for row in keeping.sql(f"SELECT * FROM {name}"))
    }
    assert holding == {"payments_parked"}


def test_the_login_is_shown_once(new_shop: OpenShop) -> None:
    """A password that the shop has made is on the screen of the first start, and nowhere else."""
    shop = new_shop(empty=True, admin_password="", log_level="debug").start()
    out = shop.keeping.data.with_suffix(".out").read_text()
    password = out.partition("password")[2].split()[0]
    assert shop.sigterm() == 0
    shop.start()
    assert password not in shop.keeping.data.with_suffix(".out").read_text() + shop.log.read_text()
    assert not any(
        password.encode() in path.read_bytes() for path in shop.keeping.data.iterdir() if path.is_file()
    )
    key = (shop.keeping.data / "jwt.secret").read_bytes()
    files = [path for path in shop.keeping.data.iterdir() if path.is_file() and path.name != "jwt.secret"]
    assert not any(key in path.read_bytes() for path in files)
    assert (shop.keeping.data / "jwt.secret").stat().st_mode & 0o077 == 0
