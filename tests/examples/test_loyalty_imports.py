"""A service outside the tree uses the public facade and contracts, so that our layers may change under it."""

import ast
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "loyalty"
CONTRACTS = ("tradewind.contracts.orders", "tradewind.contracts.payments")


def test_loyalty_imports_the_facade_and_contracts_alone() -> None:
    used = {
        (path.name, node.module)
        for path in FOLDER.glob("*.py")
        if path.name != "__main__.py"  # the operator's program, not the service
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tradewind")
    }
    assert used
    assert {pair for pair in used if pair[1] not in ("tradewind.service", *CONTRACTS)} == set()
