"""We refuse what class-validator refuses, in its words, and drop what it drops.

`said.json` is what it said; where Node and the peer's packages are installed it is asked again.
`python -m tests.apis.rpc.validator.test_words` writes the file.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.apis.rpc.validator.cases import cases
from tests.interop.nest import installed
from tradewind.apis.rpc import rules

HERE = Path(__file__).parent
SAID = HERE / "said.json"
KNOWN: list[list[Any]] = json.loads(SAID.read_text()) if SAID.exists() else []
CHECKS: dict[str, Any] = {"order": rules.order_of, "product": rules.product_of, "payment": rules.payment_of}


def asked(packages: Path) -> list[list[Any]]:
    """NestJS's answer to every case that can stand in a line."""
    lines = "".join(json.dumps(case) + "\n" for case in cases())
    run = subprocess.run(
        ["node", HERE / "said.cjs", packages],
        input=lines,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answers: list[list[Any]] = json.loads(run.stdout)
    return answers


def ours(kind: str, text: str) -> dict[str, Any]:
    try:
        found = CHECKS[kind](text.encode())
    except rules.NotJson:
        return {"notJson": True}
    return {"messages": found} if isinstance(found, list) else {"dto": json.loads(rules.json_of(found))}


@pytest.mark.parametrize(("kind", "text", "said"), KNOWN)
def test_the_same_words(kind: str, text: str, said: dict[str, Any]) -> None:
    if not text.strip() and "notJson" in said:
        said = ours(kind, "{}")  # JSON.parse knows no empty body; body-parser makes an empty object of it
    assert ours(kind, text) == said


@pytest.mark.node
def test_it_still_says_so() -> None:
    assert asked(installed()) == KNOWN


if __name__ == "__main__":
    SAID.write_text("[\n" + ",\n".join(json.dumps(answer) for answer in asked(installed())) + "\n]\n")
