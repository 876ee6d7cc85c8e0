"""A dead letter of one process forgets the name of a person whom another process has deleted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.queues import broker, outside
from tests.support.shop import Shop, until
from tests.support.shops import OpenShop
from tradewind.drivers.rabbitmq.amqp import Properties
from tradewind.runtime.processes.plan import FOLDER

NAME = "Zephyrine Quillfeather"
WITHIN_S = 75.0
"""A minute, as the guide says, and what the test itself takes."""
LINES = {'welcome = "off"': 'welcome = "on"', 'payment = "on-stock"': 'payment = "on-order"'}

pytestmark = [pytest.mark.postgres, pytest.mark.rabbitmq]


@pytest.fixture(scope="module")
def kind() -> str:
    return "services"


def welcoming(folder: Path) -> Path:
    """The blueprint with these lines changed: only then orders hears of a new user."""
    text = (FOLDER / "services.toml").read_text()
    for line, ours in LINES.items():
        assert line in text
        text = text.replace(line, ours)
    (made := folder / "welcoming.toml").write_text(text)
    return made


def tell_half(exchange: str, user: str) -> None:
    """Once more that there is this user, as no release of ours says it: without a role."""
    body = f'{{"type":"user.registered","userId":"{user}","name":"{NAME}"}}'
    event = Properties(message_id="half", type="user.registered", headers={"key": user, "source": "users"})

    async def publish() -> None:
        async with outside(broker()) as outer:
            outer.link.publish(exchange, "user.registered", body.encode(), event)

    asyncio.run(publish())


def names(shop: Shop, status: str) -> list[str]:
    return sorted(letter["name"] for letter in shop.letters() if letter["status"] == status)


@pytest.mark.slow
def test_a_letter_of_orders_forgets_a_user_whom_users_has_deleted(new_shop: OpenShop, tmp_path: Path) -> None:
    shop = new_shop(payment_token="tok_ok")
    shop.blueprint = ("--blueprint", str(welcoming(tmp_path)))
    shop.start()
    person = {"email": "zephyrine@example.com", "name": NAME, "password": "correct horse quill"}
    user = shop.post("/auth/register", person, who="")["id"]
    tell_half(shop.keeping.exchange, user)
    until(lambda: names(shop, "DEAD") == ["user.registered"], "what is half a message is a dead letter")
    found = f"SELECT 1 FROM {{orders.parked}} WHERE body LIKE '%{NAME}%'"
    assert shop.keeping.sql(found)
    assert shop.call("DELETE", f"/users/{user}", who="admin").status == 204
    until(lambda: names(shop, "WAITING") == ["user.deleted"], "the deletion waits behind it")
    until(lambda: not shop.keeping.sql(found), "the letter names nobody", WITHIN_S)
    assert names(shop, "DEAD") == ["user.registered"]
    assert shop.sigterm() == 0
