"""Lets schemathesis loose on a running shop, as `st run` does, and keeps what it found as lines that a test
can show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema
from schemathesis.generation.case import Case
from schemathesis.hooks import HookContext
from schemathesis.openapi.checks import RejectedPositiveData

from tradewind.apis.v1.openapi import ALL
from tradewind.contracts.operation import Operation

SEED = 20_261_121
EXAMPLES = 20
# What a schema cannot say, since it hangs on what has happened before: whether a cursor came from this list,
# whether a key has been
# used for something else, and what each operation declares as the shop's own 422 (the SKU of no product,
# another currency, …).
# `invalid_field` and its kin stay out of this: data that the description allows may not be refused for its
# shape. But for one spelling:
# to JSON Schema 2.0 is an integer, here an amount is written without a fraction.
# (An entity tag is sent without its quotes by schemathesis, so a condition is refused.)
STATEFUL = {
    "precondition_failed",
    "invalid_precondition",
    "invalid_cursor",
    "idempotency_key_reused",
    "weak_password",
}
SHOPS_OWN = STATEFUL | {code for operation in ALL for status, code in operation.refuses if status == 422}
FRACTION = "Expected a whole number, not a number with a fraction."
# nor does a schema know which characters have no meaning yet, and what a letter folds to
UNSEEN = "The address must be made of characters that can be seen."


@dataclass
class Found:
    """`failures` are for people; `answered` counts statuses per operation, as `POST /api/v1/orders`."""

    failures: list[str] = field(default_factory=list)
    answered: dict[str, dict[int, int]] = field(default_factory=dict)
    requests: int = 0

    def take(self, scenario: events.ScenarioFinished) -> None:
        recorder = scenario.recorder
        for case_id, interaction in recorder.interactions.items():
            if interaction.response is not None:
                self.requests += 1
                label = recorder.cases[case_id].value.operation.label
                statuses = self.answered.setdefault(label, {})
                statuses[interaction.response.status_code] = (
                    statuses.get(interaction.response.status_code, 0) + 1
                )
        for case_id, checks in recorder.checks.items():
            for check in checks:
                if check.failure_info is not None:
                    heard = recorder.interactions[case_id].response
                    says = heard.text[:500] if heard is not None else "no answer"
                    self.failures.append(
                        f"{recorder.label}: "
                        f"{check.failure_info.failure}\n{check.failure_info.code_sample}\n{says}"
                    )


def fuzz(
    description: Mapping[str, Any], url: str, token: str, *, spare: str, phases: tuple[str, ...] = ()
) -> Found:
    """Every phase, or those named. `spare` is the user whom nobody may delete or demote, since the requests
    are made in their name.
    """
    known = ("examples", "coverage", "fuzzing", "stateful")
    config = SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "base-url": url,
            "headers": {"Authorization": f"Bearer {token}"},
            "continue-on-failure": True,
            "request-timeout": 10.0,
            "generation": {"max-examples": EXAMPLES, "database": "none", "no-shrink": True},
            "phases": {name: {"enabled": not phases or name in phases} for name in known},
        }
    )
    schema = schemathesis.openapi.from_dict(dict(description), config=config)

    @schema.hook
    def filter_case(context: HookContext, case: Case[Any]) -> bool:
        return case.method not in ("DELETE", "PATCH") or (case.path_parameters or {}).get("userId") != spare

    @schema.hook
    def filter_failure(context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
        if not isinstance(failure, RejectedPositiveData) or response.status_code not in (400, 412, 422):
            return True
        problem = response.json()
        return problem["code"] not in SHOPS_OWN and problem["detail"] not in (FRACTION, UNSEEN)

    found = Found()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            found.take(event)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            found.failures.append(f"schemathesis itself: {event}")
    return found


def label(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"
