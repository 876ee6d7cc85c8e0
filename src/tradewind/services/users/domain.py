"""Decides about accounts: an address belongs to one user, and there is always an admin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Literal

from msgspec import UNSET
from msgspec.structs import replace

from ...contracts import users as say
from ...contracts.users import AddUser, ChangeUser, DeleteUser, Nothing, RewriteUser, Role, UserView
from ...contracts.values import stamp
from ...core import preconditions
from ...core.model import Aggregate, Context, Effects, Refused

ALL_ADMINS = "admins"


class User(Aggregate, frozen=True):
    email: str
    name: str
    role: Role
    status: Literal["ACTIVE", "DELETED"]
    password_hash: str
    version: int
    created_at: int
    updated_at: int

    @property
    def active(self) -> bool:
        return self.status == "ACTIVE"

    def changed(self, context: Context, **fields: Any) -> User:
        return replace(self, version=self.version + 1, updated_at=context.at, **fields)


class EmailClaim(Aggregate, frozen=True):
    """Which user owns an address; none where `user_id` is empty. The id is a digest, so that the address of a
    deleted user does not stay in the store.
    """

    user_id: str


class Admins(Aggregate, frozen=True):
    """One row with all active admins: from a message alone the last one cannot be known."""

    ids: tuple[str, ...]

    def joined_by(self, user: User) -> Admins:
        return replace(self, ids=(*self.ids, user.id))

    def left_by(self, user: User) -> Admins:
        left = tuple([other for other in self.ids if other != user.id])
        if not left:
            raise Refused("last_admin", 409, "The last admin can neither leave nor give up the role.")
        return replace(self, ids=left)


def claim_id(email: str) -> str:
    return sha256(email.lower().encode()).hexdigest()


def claims_on(email: str) -> list[str]:
    """The ids under which this address may be claimed, ours first."""
    return [claim_id(form) for form in say.written(email)]


def claimed(ask: AddUser) -> Iterable[str]:
    return claims_on(ask.email)


def claims_of(user: User) -> Iterable[str]:
    return (claim_id(user.email),) if user.active else ()


def admins_joined(ask: AddUser) -> Iterable[str]:
    return (ALL_ADMINS,) if ask.role == "admin" else ()


def claimed_anew(ask: RewriteUser) -> Iterable[str]:
    return () if ask.email is UNSET else claims_on(ask.email)


def admins_changed(ask: ChangeUser | RewriteUser) -> Iterable[str]:
    return () if ask.role is UNSET else (ALL_ADMINS,)


def admins_with(user: User) -> Iterable[str]:
    return (ALL_ADMINS,) if user.role == "admin" else ()


def view(user: User) -> UserView:
    return UserView(user.id, user.email, user.name, user.role, user.version, stamp(user.created_at))


def add(
    ask: AddUser, context: Context, claims: Mapping[str, EmailClaim], admins: Mapping[str, Admins]
) -> Effects[UserView]:
    email = _free(ask.email, claims)
    if ask.first_admin and _all(admins).ids:
        raise Refused("forbidden", 403, "There is an admin already.")
    user = User(
        ask.user_id or context.new_id,
        email,
        ask.name,
        ask.role,
        "ACTIVE",
        ask.password_hash,
        1,
        context.at,
        context.at,
    )
    yield user
    yield EmailClaim(claim_id(email), user.id)
    if user.role == "admin":
        yield _all(admins).joined_by(user)
    yield say.UserRegistered(user.id, user.name, user.role, user.email)
    return view(user)


def _free(email: str, claims: Mapping[str, EmailClaim], owner: str = "") -> str:
    """The address as it is kept. Errors: Refused, where it is none, or is that of another than `owner`."""
    try:
        plain = say.address(email)
    except ValueError as error:
        raise Refused(
            "invalid_field",
            422,
            str(error),
            errors=[{"field": "email", "code": "invalid_field", "detail": str(error)}],
        ) from None
    if any([claim.user_id not in ("", owner) for claim in claims.values()]):
        raise Refused("email_taken", 409, "There is an account with this e-mail address.")
    return plain


def change(ask: ChangeUser, context: Context, user: User, admins: Mapping[str, Admins]) -> Effects[UserView]:
    if not user.active or not context.caller.may_see(user.id):
        raise Refused("not_found", 404)
    preconditions.check(ask.seen, user.version)
    name = user.name if ask.name is UNSET else ask.name
    role = user.role if ask.role is UNSET else ask.role
    if role != user.role:
        if context.caller.role != "admin":
            raise Refused("forbidden", 403, "Only an admin gives or takes a role.")
        yield _moved(user, role, admins)
    elif name == user.name:
        return view(user)
    user = user.changed(context, name=name, role=role)
    yield user
    return view(user)


def rewrite(
    ask: RewriteUser,
    context: Context,
    user: User,
    admins: Mapping[str, Admins],
    old: Mapping[str, EmailClaim],
    new: Mapping[str, EmailClaim],
) -> Effects[UserView]:
    """`old` are the claims on the present address, `new` those on the wanted one."""
    if not user.active or not context.caller.may_see(user.id):
        raise Refused("not_found", 404)
    given: dict[str, Any] = {
        name: value
        for name in ("name", "role", "password_hash")
        if (value := getattr(ask, name)) is not UNSET and value != getattr(user, name)
    }
    if ask.email is not UNSET and (email := _free(ask.email, new, user.id)) != user.email:
        given["email"] = email
        for claim in old.values():
            yield replace(claim, user_id="")
        yield EmailClaim(claim_id(email), user.id)
    if "role" in given:
        yield _moved(user, given["role"], admins)
    if given:
        user = user.changed(context, **given)
        yield user
    return view(user)


def _moved(user: User, role: str, admins: Mapping[str, Admins]) -> Admins:
    return _all(admins).joined_by(user) if role == "admin" else _all(admins).left_by(user)


def delete(
    ask: DeleteUser,
    context: Context,
    user: User,
    claims: Mapping[str, EmailClaim],
    admins: Mapping[str, Admins],
) -> Effects[Nothing]:
    """Keeps the row, because other services refer to its id, and removes all personal fields. The sessions
    end: see `FindPrincipal`.
    """
    if not user.active:
        raise Refused("not_found", 404)
    if user.role == "admin":
        yield _all(admins).left_by(user)
    yield user.changed(context, email="", name="deleted user", status="DELETED", password_hash="")
    for claim in claims.values():
        yield replace(claim, user_id="")
    yield say.UserDeleted(user.id)
    return Nothing()


def _all(admins: Mapping[str, Admins]) -> Admins:
    return admins.get(ALL_ADMINS) or Admins(ALL_ADMINS, ())
