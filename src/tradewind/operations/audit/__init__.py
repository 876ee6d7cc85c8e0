"""Checks every promise of the shop against the data in its stores, so that it can be verified by its
owner.
"""

from __future__ import annotations

from ...core.checks import Broken
from .checking import check
from .report import Finding, Promise, Report
from .running import audited, run_audit

__all__ = ["Broken", "Finding", "Promise", "Report", "audited", "check", "run_audit"]
