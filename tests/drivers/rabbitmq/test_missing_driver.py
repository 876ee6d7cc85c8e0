"""Without pamqp everything can be imported, and the start names the command that installs it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import asyncio, sys
sys.modules["pamqp"] = None
from tradewind.drivers.rabbitmq.amqp import BrokerUnusable, Link
try:
    asyncio.run(Link("amqp://localhost", name="x").start())
except BrokerUnusable as error:
    print(error)
"""


def test_the_command_is_named() -> None:
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert "pip install 'tradewind[rabbitmq]'" in said.stdout, said.stderr
