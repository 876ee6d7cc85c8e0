"""Which events are published in the form of others is said by the blueprint, and what cannot be stops the start
with one line.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.runtime.processes.test_serving import named
from tests.runtime.test_blueprint import APART, read
from tradewind.contracts.policies import Policies
from tradewind.runtime import config
from tradewind.runtime.blueprint import BadBlueprint
from tradewind.runtime.processes import plan

CONTRACTS = APART.replace('{ v1 = "http://" }', '{ contracts = "http://" }')
ALONE = '[processes.shop]\nservices = ["orders"]\napis = { contracts = "http://" }\n'
BUS = '[events]\nbus = "rabbitmq"\n'
BY_AMOUNT = Policies(
    pricing="client", payment="none", invoice="created", customers="any", products="any", access="open"
)


@pytest.mark.parametrize(
    ("text", "channels"),
    [
        (APART + BUS, ()),
        (APART + BUS + 'channels = ["${FORM:-contracts}"]', ("contracts",)),
        (CONTRACTS + BUS, ("contracts",)),
        (CONTRACTS + BUS + "channels = []", ()),
        (CONTRACTS + BUS + 'channels = ["invoicing"]', ("invoicing",)),
        (ALONE, ()),
    ],
)
def test_events_are_published_in_the_form_of_the_apis_that_are_served(
    tmp_path: Path, text: str, channels: tuple[str, ...]
) -> None:
    """In one process without a broker nobody else could read them."""
    assert read(tmp_path, text).channels == channels


@pytest.mark.parametrize(
    ("events", "says"),
    [
        (BUS + 'channels = ["contract"]', "'contract' publishes no event; did you mean 'contracts'?"),
        (BUS + 'channels = ["v1"]', "'v1' publishes no event; there is invoicing, contracts"),
        (BUS + 'channels = "contracts"', "must be a list of names"),
        ('[events]\nchannels = ["contracts"]', 'others read them from a broker: write bus = "rabbitmq"'),
    ],
)
def test_a_wrong_channel_is_told_in_one_line(tmp_path: Path, events: str, says: str) -> None:
    with pytest.raises(BadBlueprint) as bad:
        read(tmp_path, APART + events)
    assert str(bad.value).startswith("mine.toml: events.channels: " + says)


@pytest.mark.parametrize(
    ("channels", "shop", "says"),
    [
        (("contracts",), ("orders", "invoices"), ""),
        (
            ("contracts",),
            ("orders", "invoices", "notifications"),
            "mine: invoices and notifications subscribe to order.created, and the queue orders gives each",
        ),
        (
            ("contracts", "invoicing"),
            ("orders", "invoices"),
            "mine: events.channels: contracts and invoicing both publish order.created",
        ),
    ],
)
def test_a_published_event_has_one_channel_and_one_subscriber(
    channels: tuple[str, ...], shop: tuple[str, ...], says: str
) -> None:
    mine = replace(named("provider", "rabbitmq", shop=shop), channels=channels, policies=BY_AMOUNT)
    given = {"TRADEWIND_BROKER_URL": "amqp://h", "TRADEWIND_DATABASE_URL": "postgresql://h/d"}
    if not says:
        plan.check(config.load(given), mine)
        return
    with pytest.raises(BadBlueprint, match=says):
        plan.check(config.load(given), mine)
