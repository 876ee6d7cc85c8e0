"""Puts a running gateway of the blueprint rpc under load."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import Json, fail, http_url, show

PROFILE = "smoke (2 users, 2 min), load (50, 16 min), stress (200, 22 min), spike (300, 5 min)."
Name = Annotated[str, typer.Argument(metavar="PROFILE", help=PROFILE)]
Url = Annotated[str, typer.Option("--url", metavar="U", help="Where the gateway is.")]
Scale = Annotated[
    float,
    typer.Option("--scale", metavar="F", help="Multiplies all times and all users: 0.05 for a pipeline."),
]
Pause = Annotated[
    float | None,
    typer.Option("--pause", metavar="S", min=0, help="Between two walks of a user, on average; 1.4 without."),
]
Limits = Annotated[
    list[str] | None,
    typer.Option(
        "--threshold",
        metavar="T",
        help="errors<0.01 and latency.p95<500 without; also order_latency.p99<800 and the like.",
    ),
]
Report = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help="Also writes the report there, as JSON.")
]

LOG_EVERY_S = 10.0


def load(
    profile: Name,
    url: Url = "http://127.0.0.1:3000",
    scale: Scale = 1.0,
    pause: Pause = None,
    threshold: Limits = None,
    json: Json = False,
    report: Report = None,
) -> None:
    """Walk through a running shop of the blueprint rpc as many users would. Exit code 0: all thresholds are
    met.

    Example: tradewind load smoke --url http://127.0.0.1:3000
    """
    import random

    import msgspec

    from ..runtime.local import NotReachable
    from ..testing.load import report as reports
    from ..testing.load.profiles import PROFILES
    from ..testing.load.running import PAUSE_S, Load, LoadOptions
    from ..testing.load.thresholds import BadThreshold, judged, parsed
    from ..testing.progress import progress

    if profile not in PROFILES:
        fail(f"no profile {profile!r}; there is {', '.join(PROFILES)}", 2)
    if not 0 < scale <= 100:
        fail(f"--scale {scale:g}: write a number above 0, up to 100", 2)
    url = http_url(url, 2)
    try:
        thresholds = parsed(threshold or ())
    except BadThreshold as error:
        fail(error, 2)
    if report is not None:
        _writable(report)
    chosen = PROFILES[profile].scaled(scale)
    try:
        with progress(LOG_EVERY_S) as shown:
            run = Load(LoadOptions(chosen, url, PAUSE_S if pause is None else pause), shown, random.Random())
            metrics = run.run()
    except NotReachable as error:
        fail(error)
    verdicts = judged(thresholds, metrics)
    told = reports.told(chosen, url, scale, metrics, verdicts, run.stopped)
    if report is not None:
        report.write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n")
    if json:
        show(told)
    else:
        print(reports.text(chosen, url, metrics, verdicts, run.stopped))
    if run.stopped:
        raise typer.Exit(128 + run.stopped)
    if not told["passed"]:
        raise typer.Exit(1)


def _writable(report: Path) -> None:
    """Before the run, not after sixteen minutes of it."""
    try:
        report.touch()
    except OSError as error:
        fail(f"--report {report}: {error.strerror or error}", 2)
