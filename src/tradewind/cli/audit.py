"""Checks the promises of the shop against the data in its stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from .common import Data, Json, Ran, Sets, fail, fitting, show

if TYPE_CHECKING:
    from ..operations.audit.report import Finding, Report


def audit(blueprint: Ran = "", data: Data = None, sets: Sets = None, json: Json = False) -> None:
    """Check every promise against every store, running or stopped. Exit code 0: all hold, 1: one does not, 2:
    it could not be checked.

    Example: tradewind audit --blueprint rpc
    """
    from ..core.store import StoreUnavailable, StoreUnusable
    from ..operations.audit import run_audit

    config, chosen = fitting(blueprint, sets, data=data)
    try:
        report = run_audit(config, chosen)
    except (StoreUnusable, StoreUnavailable) as error:
        fail(error, 2)
    except OSError as error:
        fail(f"{config.data}: {error}", 2)
    if json:
        show(report)
    else:
        print("\n".join([*(_line(finding) for finding in report.findings), _end(report)]))
    if not report.ok:
        raise typer.Exit(1)


def _line(finding: Finding) -> str:
    note = f" ({finding.note})" if finding.note else ""
    first = "; ".join([f"{broken.id} {broken.why}" for broken in finding.broken])
    count = f"{finding.violations or finding.checked:,} {'broken of ' if finding.violations else ''}"
    count += f"{finding.checked:,} {finding.of}" if finding.violations else finding.of
    state = "VIOLATION" if not finding.ok else "ok" if finding.wired else "-"
    if not finding.wired:
        return f"{state:10} {finding.name:31} {finding.note}"
    return f"{state:10} {finding.name:31} {count}{note}" + (f": {first}" if first else "")


def _end(report: Report) -> str:
    way = f", {report.in_flight:,} of them on their way" if report.in_flight else ""
    state = "running" if report.running else "stopped"
    bad = sum([not finding.ok for finding in report.findings])
    verdict = "all hold" if report.ok else f"{bad} of {len(report.findings)} do not hold"
    return f"{verdict}: {report.orders:,} orders{way}; the platform is {state}"
