"""Answers queries about accounts and sessions. A deleted user is not found: the row is kept only for
references to its id.
"""

from __future__ import annotations

from ...contracts.users import (
    AdminKnown,
    Credentials,
    FindCredentials,
    FindPrincipal,
    GetMe,
    GetUser,
    HasAdmin,
    ListUsers,
    Principal,
    UserView,
)
from ...contracts.values import Page
from ...core.model import Caller, Refused
from ...core.paging import Listing
from ...core.store import Reader
from . import storage
from .domain import ALL_ADMINS, claims_on, view

_ALL = Listing("users")


async def get_me(reader: Reader, query: GetMe, caller: Caller) -> UserView:
    return await _user(reader, caller.id)


async def get_user(reader: Reader, query: GetUser, caller: Caller) -> UserView:
    if not caller.may_see(query.user_id):
        raise Refused("not_found", 404)
    return await _user(reader, query.user_id)


async def list_users(reader: Reader, query: ListUsers, caller: Caller) -> Page[UserView]:
    found = await reader.find(
        storage.USERS, storage.NEWEST, {**_ALL.below(query.cursor), "n": query.limit + 1}
    )
    shown, more = _ALL.page(found, query.limit, lambda user: (user.created_at, user.id))
    return Page([view(user) for user in shown], more)


async def find_credentials(reader: Reader, query: FindCredentials, caller: Caller) -> Credentials | None:
    # an account that is older than our way to write addresses is the one that is meant by its old form
    for key in reversed(claims_on(query.email)):
        claim = await reader.get(storage.CLAIMS, key)
        user = await reader.get(storage.USERS, claim.user_id) if claim is not None and claim.user_id else None
        if user is not None and user.active:
            return Credentials(user.id, user.password_hash)
    return None


async def find_principal(reader: Reader, query: FindPrincipal, caller: Caller) -> Principal | None:
    found = await reader.rows(storage.ROLE_IN_SESSION, {"session": query.session_id, "user": query.user_id})
    return Principal(query.user_id, found[0][0]) if found else None


async def has_admin(reader: Reader, query: HasAdmin, caller: Caller) -> AdminKnown:
    admins = await reader.get(storage.ADMINS, ALL_ADMINS)
    return AdminKnown(admins is not None and bool(admins.ids))


async def _user(reader: Reader, user_id: str) -> UserView:
    user = await reader.get(storage.USERS, user_id)
    if user is None or not user.active:
        raise Refused("not_found", 404)
    return view(user)
