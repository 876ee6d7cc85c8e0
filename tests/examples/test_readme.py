"""The first paid order of the README, typed as it stands there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.people import ADMIN
from tests.support.shop import Shop

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_first_paid_order(shop: Shop) -> None:
    section = (ROOT / "README.md").read_text().partition("## The first paid order")[2]
    found = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert found is not None
    script, changes = (
        found[1],
        {
            "url=http://127.0.0.1:8080": f"url=http://127.0.0.1:{shop.port}",
            "password='what the first start has shown'": f"password='{ADMIN.password}'",
            "ada@example.com": "ada@example.net",
            "./dev run tradewind timeline $order": f"{sys.executable} -m tradewind timeline $order "
            f"--data '{shop.keeping.data}'",
        },
    )
    for ours, theirs in changes.items():
        assert ours in script
        script = script.replace(ours, theirs)
    env = {name: text for name, text in os.environ.items() if not name.startswith("TRADEWIND_")}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=120, env=env
    )
    assert done.returncode == 0, done.stderr
    product, user, order, invoices, *timeline = done.stdout.splitlines()
    assert '"sku":"TEA-100"' in product and '"role":"customer"' in user
    assert '"status":"CONFIRMED"' in order and '"paymentStatus":"paid"' in order
    assert '"status":"PAID"' in invoices
    assert "order.created" in timeline[0] and any("order.confirmed" in line for line in timeline)
