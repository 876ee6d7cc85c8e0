"""The page's load test, shortened, against the real processes: as `tradewind load` and as the k6 script."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.rpc.api import Api
from tests.support.program import run

SCRIPT = Path(__file__).resolve().parents[2] / "load" / "k6" / "load-test.js"
METRICS = {"errors", "order_latency", "inventory_latency", "payment_latency", "orders_created"}


def test_tradewind_load_smoke(api: Api, tmp_path: Path) -> None:
    before = api.got("/api/orders?perPage=1")["meta"]["itemCount"]
    report = tmp_path / "report.json"
    done = run(
        "load",
        "smoke",
        "--scale",
        "0.03",
        "--pause",
        "0.1",
        "--url",
        f"http://127.0.0.1:{api.port}",
        "--report",
        str(report),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    metrics = json.loads(report.read_text())["metrics"]
    assert set(metrics) >= METRICS
    assert api.got("/api/orders?perPage=1")["meta"]["itemCount"] - before == metrics["orders_created"] > 0


@pytest.mark.skipif(shutil.which("k6") is None, reason="needs k6: go install go.k6.io/k6@v0.57.0")
def test_k6_load_test(api: Api, tmp_path: Path) -> None:
    before = api.got("/api/orders?perPage=1")["meta"]["itemCount"]
    summary = tmp_path / "summary.json"
    settings = {
        "K6_PROFILE": "smoke",
        "BASE_URL": f"http://127.0.0.1:{api.port}",
        "SCALE": "0.03",
        "PAUSE": "0.1",
        "HOME": str(tmp_path),
    }
    words = ("k6", "run", "--quiet", "--no-usage-report", "--summary-export", str(summary), str(SCRIPT))
    done = subprocess.run(words, env=os.environ | settings, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    metrics = json.loads(summary.read_text())["metrics"]
    assert set(metrics) >= METRICS
    assert (
        api.got("/api/orders?perPage=1")["meta"]["itemCount"] - before
        == metrics["orders_created"]["count"]
        > 0
    )
