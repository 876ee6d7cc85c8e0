"""What users answers, from a real store: only active people, and to the person or an admin alone."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from tests.support.tables import create_all, keep
from tradewind.contracts.users import (
    Credentials,
    FindCredentials,
    FindPrincipal,
    GetMe,
    GetUser,
    ListUsers,
    Principal,
)
from tradewind.core.model import NOBODY, Caller, Refused
from tradewind.drivers.sqlite.store import SqliteStore
from tradewind.services.users import queries, storage
from tradewind.services.users.domain import EmailClaim, User, claim_id, view
from tradewind.services.users.sessions import Session

ADA = User("a1", "Ada@example.com", "Ada", "customer", "ACTIVE", "$hash", 1, 1_000, 1_000)
BOB = replace(ADA, id="b2", email="bob@example.com", role="admin")
EVE = replace(ADA, id="c3", email="eve@example.com")
GONE = replace(ADA, id="d4", email="", status="DELETED")
ADMIN, SELF = Caller("b2", "admin"), Caller("a1", "customer")
SESSION = Session("s1", "a1", 1, "OPEN", 1_000, 1_000, 9_000)


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    store = SqliteStore(":memory:", commit_inline=True)
    await store.open()
    create_all(store, storage.MD)
    await keep(store, storage.USERS, ADA, BOB, EVE, GONE)
    await keep(
        store,
        storage.CLAIMS,
        EmailClaim(claim_id("ada@example.com"), "a1"),
        EmailClaim(claim_id("free@example.com"), ""),
    )
    ended = replace(SESSION, id="s2", status="ENDED")
    await keep(store, storage.SESSIONS, SESSION, ended, replace(SESSION, id="s3", user_id="d4"))
    yield store
    await store.close()


async def test_an_old_account_is_found_by_the_address_as_it_was_written(store: SqliteStore) -> None:
    """Also where a newer one has the same address written plainly."""
    old = replace(ADA, id="old", email="\uff41da@example.com")
    await keep(store, storage.USERS, old)
    await keep(store, storage.CLAIMS, EmailClaim(claim_id(old.email), old.id))

    async def who(email: str) -> str:
        found = await queries.find_credentials(store, FindCredentials(email), NOBODY)
        return found.user_id if found else ""

    assert [await who(email) for email in (old.email, "\uff21da@example.com", "ADA@example.com")] == [
        "old",
        "old",
        "a1",
    ]
    assert await who("\u24d0da@example.com") == "a1"


async def test_me_is_who_asks(store: SqliteStore) -> None:
    assert await queries.get_me(store, GetMe(), SELF) == view(ADA)
    with pytest.raises(Refused, match="not_found"):
        await queries.get_me(store, GetMe(), NOBODY)


async def test_a_person_is_seen_by_self_and_admin_alone(store: SqliteStore) -> None:
    for caller in (SELF, ADMIN):
        assert await queries.get_user(store, GetUser("a1"), caller) == view(ADA)
    for caller, user_id in [(Caller("c3", "customer"), "a1"), (NOBODY, "a1"), (ADMIN, "d4"), (ADMIN, "zz")]:
        with pytest.raises(Refused, match="not_found"):
            await queries.get_user(store, GetUser(user_id), caller)


async def test_the_list_is_paged_newest_first_without_the_deleted(store: SqliteStore) -> None:
    first = await queries.list_users(store, ListUsers(2), ADMIN)
    assert [user.id for user in first.data] == ["c3", "b2"]
    second = await queries.list_users(store, ListUsers(2, first.next_cursor or ""), ADMIN)
    assert ([user.id for user in second.data], second.next_cursor) == (["a1"], None)
    with pytest.raises(Refused, match="invalid_cursor"):
        await queries.list_users(store, ListUsers(2, "?"), ADMIN)


async def test_credentials_are_found_by_address_in_any_case(store: SqliteStore) -> None:
    assert await queries.find_credentials(store, FindCredentials("ADA@example.com"), NOBODY) == Credentials(
        "a1", "$hash"
    )
    for email in ("free@example.com", "unknown@example.com"):
        assert await queries.find_credentials(store, FindCredentials(email), NOBODY) is None


@pytest.mark.parametrize(
    ("user", "session", "found"),
    [
        ("a1", "s1", Principal("a1", "customer")),
        ("a1", "s2", None),
        ("b2", "s1", None),
        ("d4", "s3", None),
        ("a1", "zz", None),
    ],
)
async def test_a_principal_has_an_open_session_and_is_here(
    store: SqliteStore, user: str, session: str, found: Principal | None
) -> None:
    assert await queries.find_principal(store, FindPrincipal(user, session), NOBODY) == found
