"""Decides who may call an operation, from its declaration alone: one without a rule here cannot be served."""

from __future__ import annotations

from typing import NamedTuple

from ...contracts.operation import Who
from ...core.model import Caller, Refused


class Rule(NamedTuple):
    """`reads`: a token, if sent, names the caller. `needs`: there must be one. `role`: and its user must have
    this role.
    """

    reads: bool
    needs: bool
    role: str = ""


RULES: dict[Who, Rule] = {
    Who.ALL: Rule(reads=True, needs=False),
    Who.HOLDER: Rule(reads=False, needs=False),
    Who.USER: Rule(reads=True, needs=True),
    # the service that stores an object checks the ownership: what belongs to others is not found there
    Who.OWNER: Rule(reads=True, needs=True),
    Who.ADMIN: Rule(reads=True, needs=True, role="admin"),
}


def admit(rule: Rule, caller: Caller) -> None:
    """Errors: Refused 401, 403."""
    if not caller.id:
        if rule.needs:
            says = "Send an access token that is alive, as Authorization: Bearer …"
            raise Refused("unauthorized", 401, says)
    elif rule.role and caller.role != rule.role:
        raise Refused("forbidden", 403, "This is for others.")
