"""What the components of one process share: its settings, its clock, its log and its figures."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ...core import failpoints
from ...core.clock import SystemClock
from ...core.http import Request, Response
from ...core.manifest import Manifest
from ...observability import logs
from ...observability.access import AccessLog
from ...observability.collector import Tracing
from ...observability.metrics import CONTENT_TYPE, Metrics
from ..blueprint import Blueprint, Process
from ..config import Config
from ..keys import signing_key
from . import plan

WHOLE = "tradewind"


class Context:
    """`name` is that of this copy. `patient`: a broker that is away now does not stop the start. `additions`
    are services beside those of the blueprint. Errors: ValueError, for a failpoint that there is none.
    """

    def __init__(
        self,
        config: Config,
        blueprint: Blueprint,
        process: Process,
        name: str,
        *,
        patient: bool = False,
        additions: Sequence[Manifest] = (),
        log: AccessLog | None = None,
    ) -> None:
        self.config, self.blueprint, self.process, self.name = config, blueprint, process, name
        self.patient, self.additions = patient, tuple(additions)
        self.apart = plan.apart(blueprint)
        _arm(config.fail, process)
        self.log = log or logs.set_up(config.log_level, config.log_format, name if self.apart else "")
        self.clock = SystemClock(ids=blueprint.policies.ids)
        self.metrics = Metrics()
        traced = process.name if self.apart else WHOLE
        variables = {**process.variables, **os.environ}
        self.tracing = Tracing(traced, config.otlp_endpoint, config.trace_ratio, self.clock, variables)
        self.tracer = self.tracing.tracer if self.tracing.tracer.on else None

    def key(self) -> bytes:
        """Signs what a caller of ours may bring back."""
        return signing_key(self.config.jwt_secret, self.config.data)

    def figures(self, _: Request) -> Response:
        """The page /metrics."""
        return Response(200, self.metrics.render(), (), CONTENT_TYPE.encode())


def _arm(fail: str, process: Process) -> None:
    """A failpoint is known once the module that declares it is there."""
    if fail and process.services:
        from ..failpoints import load

        load()
    failpoints.arm(fail, elsewhere=not process.services)
