"""What becomes of a user who comes over from another system."""

from __future__ import annotations

from ...contracts import users as say
from ...contracts.adopted import AdoptedAdmins, AdoptedUser
from ...contracts.users import UserView
from ...core.adopting import Adoption, Adoptions
from ...core.model import Aggregate
from .domain import ALL_ADMINS, Admins, EmailClaim, User, claim_id, view
from .storage import ADMINS, CLAIMS, USERS


def user(record: AdoptedUser, now: int) -> tuple[list[Aggregate], UserView]:
    """Errors: ValueError, for an address that is none for us."""
    email = say.address(record.email)
    at = record.created_at
    made = User(record.id, email, record.name, record.role, "ACTIVE", record.password_hash, 1, at, at)
    return [made, EmailClaim(claim_id(email), record.id)], view(made)


def admins(record: AdoptedAdmins, now: int) -> tuple[list[Aggregate], None]:
    """Only where there was no admin before: one who is here keeps the role of the last one."""
    return [Admins(ALL_ADMINS, record.ids)] if record.role == "admin" else [], None


ADOPTS: Adoptions = {AdoptedUser: Adoption((USERS, CLAIMS), user), AdoptedAdmins: Adoption((ADMINS,), admins)}
