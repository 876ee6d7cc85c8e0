"""Every numbered example does what it says, against a running shop and in the order of the numbers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.people import ADMIN
from tests.support.shop import Shop

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(path.stem for path in (ROOT / "examples").glob("[0-9]*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_it_runs(name: str, shop: Shop) -> None:
    given = {
        "SHOP_URL": f"http://127.0.0.1:{shop.port}",
        "SHOP_ADMIN": ADMIN.email,
        "SHOP_PASSWORD": ADMIN.password,
    }
    words = [sys.executable, "-m", f"examples.{name}"]
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, **given}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_each_is_in_the_readme() -> None:
    told = (ROOT / "examples" / "README.md").read_text()
    assert NAMES and all(f"| `{name}` |" in told for name in NAMES)
