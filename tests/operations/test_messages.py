"""docs/messages.md is what the contracts say today."""

from pathlib import Path

from tradewind.core.model import Message, wire_name
from tradewind.operations import message_shapes as wire
from tradewind.operations import messages

PAGE = Path(__file__).resolve().parents[2] / "docs" / "messages.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == messages.page(), (
        "run `python -m tradewind.operations.messages > docs/messages.md`"
    )


def test_every_message_is_on_it() -> None:
    page = messages.page()
    for module in wire.speakers().values():
        for message in wire.said(module, Message):
            assert f"`{wire_name(message)}`" in page


def test_a_row_has_the_columns_of_its_table() -> None:
    columns = 0
    for line in messages.page().splitlines():
        if not line.startswith("|"):
            columns = 0
            continue
        columns = columns or line.count("|")
        assert line.count("|") == columns, line


def test_hearers_are_those_of_the_services() -> None:
    assert "| inventory, invoices, notifications |" in messages.page()
    assert "| inventory, payments |" in messages.page({"order.created": ["inventory", "payments"]})
