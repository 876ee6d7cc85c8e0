"""The messages of users: accounts, roles and sessions."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from ..core.model import Event, Query, Request
from ..core.preconditions import Seen
from ..core.sensitive import PERSONAL
from ..core.texts import UNSEEN, all_seen, folded
from .operation import Operation, Who
from .values import Page, Reference, Stamp, Text, Uuid, View

Role = Literal["customer", "admin"]
_LOCAL = rf"[^@{UNSEEN}]{{1,64}}"
_EMAIL = rf"^{_LOCAL}@[A-Za-z0-9-]{{1,63}}(\.[A-Za-z0-9-]{{1,63}})+$(?!\n)"
_LONGEST = 254
Email = Annotated[str, Meta(max_length=_LONGEST, pattern=_EMAIL)]
Password = Annotated[str, Meta(min_length=8, max_length=256)]
Token = Annotated[str, Meta(min_length=1, max_length=2048)]
Limit = Annotated[int, Meta(ge=1, le=100)]


def address(email: str) -> str:
    """One way to write each address. Errors: ValueError, for one that cannot be seen whole or is none."""
    plain = written(email)[0]
    if len(plain) > _LONGEST or not all_seen(plain) or re.match(_EMAIL, plain) is None:
        raise ValueError("The address must be made of characters that can be seen.")
    return plain


def written(email: str) -> tuple[str, ...]:
    """The ways in which an address may be kept: ours, and that of accounts which are older than it."""
    old = unicodedata.normalize("NFC", email.strip()).lower()
    plain = folded(folded(old).lower())
    return (plain,) if plain == old else (plain, old)


class UserView(View, frozen=True):
    id: str
    email: str
    name: str
    role: Role
    version: int
    created_at: Stamp


class Tokens(View, frozen=True):
    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"]
    expires_in: int


class SessionView(View, frozen=True):
    """A session as the API needs it to write tokens; it never leaves the platform."""

    session_id: str
    user_id: str
    role: Role
    generation: int
    at: int


class Nothing(View, frozen=True):
    """An answer without a body (204)."""


class Register(Request, frozen=True, tag="users.register", forbid_unknown_fields=True):
    """What a person sends; the API hashes the password and sends `AddUser` in its place."""

    keyed_by: ClassVar[str] = "email"
    email: Email
    name: Text
    password: Password


class AddUser(Request, frozen=True, tag="users.add"):
    keyed_by: ClassVar[str] = "email"
    email: str
    name: str
    password_hash: str
    role: Role = "customer"
    first_admin: bool = False
    """Only while no admin exists."""
    user_id: str = ""
    """The id that others know the user by; empty: a new one."""


class RewriteUser(Request, frozen=True, tag="users.rewrite"):
    """Changes whatever is given of an account; sent by an API, which has hashed the password."""

    keyed_by: ClassVar[str] = "user_id"
    user_id: Uuid
    email: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    password_hash: str | UnsetType = UNSET


class LogIn(Request, frozen=True, tag="users.log_in", forbid_unknown_fields=True):
    keyed_by: ClassVar[str] = "email"
    email: Annotated[str, Meta(max_length=254)]
    password: Annotated[str, Meta(max_length=1024)]


class OpenSession(Request, frozen=True, tag="users.open_session"):
    """Sent by the API once the password has been proven."""

    keyed_by: ClassVar[str] = "user_id"
    user_id: str


class Refresh(Request, frozen=True, tag="users.refresh", forbid_unknown_fields=True):
    keyed_by: ClassVar[str] = "refresh_token"
    refresh_token: Token


class RotateSession(Request, frozen=True, tag="users.rotate_session"):
    """Sent by the API once the refresh token's signature has been proven. An old generation ends the whole
    family.
    """

    keyed_by: ClassVar[str] = "session_id"
    session_id: str
    generation: int


class LogOut(Request, frozen=True, tag="users.log_out", forbid_unknown_fields=True):
    keyed_by: ClassVar[str] = "refresh_token"
    refresh_token: Token


class EndSession(Request, frozen=True, tag="users.end_session"):
    keyed_by: ClassVar[str] = "session_id"
    session_id: str


class ChangeUser(Request, frozen=True, tag="users.change", forbid_unknown_fields=True):
    """Changes the name of a user; only an admin may change `role`."""

    keyed_by: ClassVar[str] = "user_id"
    user_id: Uuid
    name: Text | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    seen: Seen = UNSET


class ChangeMe(Request, frozen=True, tag="users.change_me", forbid_unknown_fields=True):
    keyed_by: ClassVar[str] = "caller"
    name: Text
    seen: Seen = UNSET


class DeleteUser(Request, frozen=True, tag="users.delete", forbid_unknown_fields=True):
    keyed_by: ClassVar[str] = "user_id"
    user_id: Uuid


class GetMe(Query, frozen=True, tag="users.me"): ...


class GetUser(Query, frozen=True, tag="users.get"):
    user_id: Reference


class ListUsers(Query, frozen=True, tag="users.list"):
    limit: Limit = 20
    cursor: str = ""


class FindCredentials(Query, frozen=True, tag="users.credentials"):
    """For the API alone: what a password is checked against. The reply is None for an unknown address."""

    email: str


class Credentials(View, frozen=True):
    user_id: str
    password_hash: str


class FindPrincipal(Query, frozen=True, tag="users.principal"):
    """For the API alone: is this session alive, and what is its user's role now? None where it has ended."""

    user_id: str
    session_id: str


class HasAdmin(Query, frozen=True, tag="users.has_admin"):
    """Whether the first admin was made."""


class AdminKnown(View, frozen=True):
    has_admin: bool


class Principal(View, frozen=True):
    user_id: str
    role: Role


class UserRegistered(Event, frozen=True, tag="user.registered"):
    keyed_by: ClassVar[str] = "user_id"
    user_id: str
    name: Annotated[str, PERSONAL]
    role: str
    email: Annotated[str, PERSONAL] = ""


class UserDeleted(Event, frozen=True, tag="user.deleted"):
    keyed_by: ClassVar[str] = "user_id"
    erases_personal: ClassVar[bool] = True
    personal_in_replies: ClassVar[tuple[str, ...]] = ("email", "name")
    user_id: str


_ME = {"name": "Ada Lovelace"}
_AUTH = "/api/v1/auth"
OPERATIONS = (
    Operation(
        "users.register",
        "POST",
        f"{_AUTH}/register",
        Register,
        UserView,
        Who.ALL,
        "Create an account",
        201,
        ((409, "email_taken"),),
        {"email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse battery"},
        versioned=True,
    ),
    Operation(
        "users.log_in",
        "POST",
        f"{_AUTH}/login",
        LogIn,
        Tokens,
        Who.ALL,
        "Exchange e-mail and password for tokens",
        200,
        ((401, "invalid_credentials"),),
        {"email": "ada@example.com", "password": "correct horse battery"},
    ),
    Operation(
        "users.refresh",
        "POST",
        f"{_AUTH}/refresh",
        Refresh,
        Tokens,
        Who.HOLDER,
        "Exchange a refresh token for new tokens",
        200,
        ((401, "invalid_token"),),
        {"refreshToken": "0192f0c1-….1.k3J…"},
    ),
    Operation(
        "users.log_out",
        "POST",
        f"{_AUTH}/logout",
        LogOut,
        Nothing,
        Who.HOLDER,
        "End the session",
        204,
        ((401, "invalid_token"),),
        {"refreshToken": "0192f0c1-….1.k3J…"},
    ),
    Operation("users.me", "GET", "/api/v1/users/me", GetMe, UserView, Who.USER, "Who am I", versioned=True),
    Operation(
        "users.change_me",
        "PATCH",
        "/api/v1/users/me",
        ChangeMe,
        UserView,
        Who.USER,
        "Change my name",
        example=_ME,
        hides=("seen",),
        versioned=True,
    ),
    Operation(
        "users.list",
        "GET",
        "/api/v1/users",
        ListUsers,
        Page[UserView],
        Who.ADMIN,
        "All users, newest first",
        paged=True,
    ),
    Operation(
        "users.get",
        "GET",
        "/api/v1/users/{userId}",
        GetUser,
        UserView,
        Who.OWNER,
        "One user",
        refuses=((404, "not_found"),),
        narrows={"user_id": Uuid},
        versioned=True,
    ),
    Operation(
        "users.change",
        "PATCH",
        "/api/v1/users/{userId}",
        ChangeUser,
        UserView,
        Who.ADMIN,
        "Change a user",
        refuses=((404, "not_found"), (409, "last_admin")),
        example={"name": "Ada King", "role": "customer"},
        hides=("seen",),
        versioned=True,
    ),
    Operation(
        "users.delete",
        "DELETE",
        "/api/v1/users/{userId}",
        DeleteUser,
        Nothing,
        Who.ADMIN,
        "Delete a user",
        204,
        ((404, "not_found"), (409, "last_admin")),
    ),
)
