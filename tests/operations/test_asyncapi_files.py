"""docs/asyncapi says what every blueprint publishes today, and no change of it breaks who reads by it unnoticed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from tradewind.operations import asyncapi_files as files

NAMES = files.names()
KEPT = {name: msgspec.json.decode((files.FILES / f"{name}.json").read_bytes()) for name in NAMES}
FIELDS = "OrderCreatedMessage"


@cache
def made(name: str) -> Any:
    return files.of_blueprint(name)


@pytest.mark.parametrize("name", NAMES)
def test_no_reader_of_the_kept_description_is_broken(name: str) -> None:
    assert not list(files.breaks(KEPT[name], made(name)))


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_up_to_date(name: str) -> None:
    assert (files.FILES / f"{name}.json").read_text() == files.text(made(name)), (
        "run `python -m tradewind.operations.asyncapi_files`"
    )


def test_every_blueprint_with_events_over_a_broker_has_one() -> None:
    assert sorted(file.stem for file in files.FILES.glob("*.json")) == NAMES
    assert {"events", "contracts", "invoicing", "graphql", "services"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_what_its_schema_says(name: str) -> None:
    for event, message in made(name)["components"]["messages"].items():
        check = jsonschema_rs.Draft202012Validator(
            {**message["payload"], "components": made(name)["components"]}
        )
        for one in message["examples"]:
            assert check.is_valid(one["payload"]), (event, one)


def changed(change: Callable[[Any], Any]) -> list[str]:
    after = copy.deepcopy(made("events"))
    change(after)
    return list(files.breaks(made("events"), after))


def fields(document: Any) -> Any:
    return document["components"]["schemas"][FIELDS]


def test_what_breaks_a_reader_is_found() -> None:
    assert not changed(lambda document: None)
    assert changed(lambda d: fields(d)["properties"].pop("userId")) == ["order.created.userId is gone"]
    assert changed(lambda d: fields(d)["properties"].update(totalAmount={"type": "string"})) == [
        "order.created.totalAmount was number, and may be string now"
    ]
    nullable = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert changed(lambda d: fields(d)["properties"].update(userId=nullable)) == [
        "order.created.userId was string, and may be null now"
    ]
    assert changed(lambda d: fields(d)["required"].remove("orderId")) == [
        "order.created.orderId may be missing"
    ]
    item = "Item"
    assert changed(lambda d: d["components"]["schemas"][item]["properties"].pop("price")) == [
        "order.created.items[].price is gone"
    ]
    status = {"enum": ["completed", "failed", "void"]}
    found = changed(
        lambda d: d["components"]["schemas"]["PaymentCompletedMessage"]["properties"].update(status=status)
    )
    assert "payment.completed.status has other values" in found
    assert changed(lambda d: d["channels"]["order.created"].update(address="orders")) == [
        "order.created has moved from order.created to orders"
    ]
    assert changed(lambda d: d["channels"].pop("payment.failed")) == ["payment.failed is no longer published"]


def test_a_new_field_and_a_new_event_break_nobody() -> None:
    assert not changed(lambda d: fields(d)["properties"].update(currency={"type": "string"}))
    assert not changed(lambda d: d["channels"].update({"order.shipped": d["channels"]["order.created"]}))


def test_a_file_that_would_break_a_reader_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "names", lambda: ["events"])
    assert files.write(tmp_path) == []
    before = (tmp_path / "events.json").read_text()
    monkeypatch.setattr(files, "of_blueprint", lambda name: {**made(name), "channels": {}})
    assert "events: order.created is no longer published" in files.write(tmp_path)
    assert (tmp_path / "events.json").read_text() == before
    assert files.write(tmp_path, anyway=True)
    assert (tmp_path / "events.json").read_text() != before
