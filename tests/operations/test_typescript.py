"""Programs of other teams compile against the message as we read it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.interop.nest import installed
from tradewind.apis.amounts.message import PUBLISHED, OrderCreatedMessage
from tradewind.operations.typescript import module

FILE = Path(__file__).resolve().parents[2] / "deploy/node/contracts/messages/order-created-message.ts"
USE = """\
import { ORDER_CREATED, OrderCreatedMessage } from './order-created-message';
const message: OrderCreatedMessage = { orderId: 'o', amount: %s, customer: { id: 'c' } };
const pattern: 'orders.created' = ORDER_CREATED;
console.log(pattern, message.customer.id);
"""


def test_the_file_is_what_is_written() -> None:
    told = "run `python -m tradewind.operations.typescript`"
    assert FILE.read_text() == module(PUBLISHED, OrderCreatedMessage), told


@pytest.mark.node
@pytest.mark.parametrize(("amount", "code"), [("5000", 0), ("'5000'", 2)])
def test_a_program_compiles_against_it(tmp_path: Path, amount: str, code: int) -> None:
    (tmp_path / FILE.name).write_text(FILE.read_text())
    (tmp_path / "use.ts").write_text(USE % amount)
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", "commonjs"]
    done = subprocess.run(
        [installed() / ".bin" / "tsc", *options, "--lib", "es2022,dom", str(tmp_path / "use.ts")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code, done.stdout
    assert ("is not assignable to type 'number'" in done.stdout) == bool(code)
