"""Checks every promise of the shop against what lies in its stores, so that nobody has to believe them."""

from __future__ import annotations

from .checking import check
from .findings import Broken, Finding, Promise, Report
from .running import audited, run_audit

__all__ = ["Broken", "Finding", "Promise", "Report", "audited", "check", "run_audit"]
