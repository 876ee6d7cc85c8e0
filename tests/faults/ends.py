"""Compares, once all is quiet, what clients were promised with what the shop has: in its tables, over HTTP,
on the bus, in its log.
"""

from __future__ import annotations

import json
import re
from typing import Any

from tests.faults.book import Book
from tests.faults.deployment import Deployment
from tests.support.databases import rows

SHOWN, LONGEST = 5, 300
_SAID = re.compile(r"  |tradewind: \w+ of ")


def sql(place: Deployment, text: str, service: str = "") -> list[tuple[Any, ...]]:
    """In the database of a service."""
    return rows(place.system.url(place.servers, service), text)


class Findings:
    """`wrong` is empty where every promise is kept; `counts` for the summary."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.counts: dict[str, Any] = {}

    def add(self, what: str, those: Any) -> None:
        """The first few of `those`, where there are any."""
        those = list(those)
        self.counts[what] = len(those)
        if those:
            self.wrong.append(f"{len(those)} × {what}: {[str(one)[:LONGEST] for one in those[:SHOWN]]}")


def look(deployment: Deployment, book: Book) -> Findings:
    """The clients have left; the shop runs."""
    found = Findings()
    found.add("answers that no client may get", book.strange)
    deployment.system.look(found, deployment, book)
    for service in deployment.system.schemas:
        parked = deployment.system.table(service, "parked")
        letters = sql(deployment, f"SELECT id, name, reason FROM {parked}", service)
        found.add(f"dead letters of {service}", letters)
    found.add("processes that are not ready", deployment.unready().items())
    code, said = deployment.audit()
    found.add("broken promises that the audit has found", [said[-2000:]] if code else [])
    _log(found, deployment)
    return found


def _log(found: Findings, deployment: Deployment) -> None:
    # a request that was answered 503 is told of as an error, and counted by its client
    lines = [
        line
        for line in deployment.lines()
        if line["level"] not in ("info", "debug") and line["event"] != "request"
    ]
    found.counts["warnings"] = sum(line["level"] == "warning" for line in lines)
    found.add(
        "lines in the log that nobody expects", [json.dumps(line) for line in lines if not _foreseen(line)]
    )


def _foreseen(line: dict[str, Any]) -> bool:
    """A fault is worth a warning, and never a traceback. What is no JSON is the banner, or another copy that
    is up.
    """
    if line["level"] == "raw":
        return not line["event"] or _SAID.match(str(line["event"])) is not None
    return line["level"] == "warning" and "exception" not in line
