"""The k6 script has the profiles, steps and metrics of `tradewind load`, and runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.testing.load.stub import serving
from tradewind.testing.load.profiles import PROFILES

SCRIPT = Path(__file__).resolve().parents[3] / "load" / "k6" / "load-test.js"
STAGES = re.compile(r"^  (\w+): (\[\[.*\]\]),$", re.MULTILINE)
METRICS = {
    "errors",
    "order_latency",
    "inventory_latency",
    "payment_latency",
    "orders_created",
    "http_reqs",
    "iterations",
    "vus_max",
}


def test_the_same_stages() -> None:
    told = {name: json.loads(stages) for name, stages in STAGES.findall(SCRIPT.read_text())}
    assert told == {
        name: [[stage.users, stage.seconds] for stage in profile.stages] for name, profile in PROFILES.items()
    }


@pytest.mark.skipif(shutil.which("k6") is None, reason="needs k6: go install go.k6.io/k6@v0.57.0")
@pytest.mark.parametrize(("broken", "code"), [((), 0), (("/api/orders",), 99)])
def test_it_runs_shortened(tmp_path: Path, broken: tuple[str, ...], code: int) -> None:
    with serving(broken) as stub:
        settings = {
            "K6_PROFILE": "smoke",
            "BASE_URL": stub.url,
            "SCALE": "0.02",
            "PAUSE": "0.1",
            "HOME": str(tmp_path),
        }
        words = (
            "k6",
            "run",
            "--quiet",
            "--no-usage-report",
            "--summary-export",
            str(tmp_path / "summary.json"),
            str(SCRIPT),
        )
        done = subprocess.run(words, env=os.environ | settings, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    found = json.loads((tmp_path / "summary.json").read_text())["metrics"]
    if broken:
        assert "orders_created" not in found and found["errors"]["value"] > 0.01
        return
    assert set(found) >= METRICS
    assert found["orders_created"]["count"] == len(stub.orders) == len(set(stub.keys)) > 0
    assert found["errors"]["value"] == 0
    for order in stub.orders:
        assert order["total"] == round(sum(item["quantity"] * item["price"] for item in order["items"]), 2)
