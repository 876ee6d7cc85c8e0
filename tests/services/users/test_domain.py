"""What users decides about people: an address is one person's, the shop keeps an admin, a deleted person
leaves no trace.
"""

import pytest
from msgspec.structs import replace

from tradewind.contracts.users import (
    AddUser,
    ChangeUser,
    DeleteUser,
    Nothing,
    RewriteUser,
    UserDeleted,
    UserRegistered,
    UserView,
)
from tradewind.core.model import Caller, Context, Refused, settle
from tradewind.services.users.domain import (
    ALL_ADMINS,
    Admins,
    EmailClaim,
    User,
    add,
    change,
    claim_id,
    claimed,
    claims_of,
    delete,
    rewrite,
)

# of the categories Cf, Zl, Zp, Co, Cn, a filler of Hangul, a selector of variants, letters that hold a space or @
UNSEEN = (
    *"\u200b\u200d\u2060\u00ad\ufeff\u2028\u2029\ue000\uffff\u3164\ufe0f\u180e\u2800\U000e0041\U000e0100",
    *"\u00a8\uff20\u3000\u00a0",
)
NOW = Context(2_000, "u-new", Caller("root", "admin"))
ADA = User("ada", "ada@example.com", "Ada", "customer", "ACTIVE", "$hash", 1, 1_000, 1_000)
ROOT = replace(ADA, id="root", email="root@example.com", role="admin")
CLAIM = EmailClaim(claim_id("ada@example.com"), "ada")
ONE = {ALL_ADMINS: Admins(ALL_ADMINS, ("root",))}
TWO = {ALL_ADMINS: Admins(ALL_ADMINS, ("root", "other"))}


def test_a_new_customer_claims_the_address_and_is_announced() -> None:
    effects, reply = settle(add(AddUser("Ada@Example.com", "Ada", "$hash"), NOW, {}, {}))
    user = replace(ADA, id="u-new", created_at=2_000, updated_at=2_000)
    assert effects == [
        user,
        replace(CLAIM, user_id="u-new"),
        UserRegistered("u-new", "Ada", "customer", "ada@example.com"),
    ]
    assert reply == UserView("u-new", "ada@example.com", "Ada", "customer", 1, "1970-01-01T00:00:02.000Z")


def test_a_new_admin_joins_the_admins() -> None:
    effects, _ = settle(add(AddUser("b@example.com", "B", "$hash", "admin"), NOW, {}, ONE))
    assert Admins(ALL_ADMINS, ("root", "u-new")) in effects
    effects, _ = settle(add(AddUser("b@example.com", "B", "$hash", "admin"), NOW, {}, {}))
    assert Admins(ALL_ADMINS, ("u-new",)) in effects


def test_a_taken_address_is_refused_and_a_freed_one_is_not() -> None:
    with pytest.raises(Refused, match="email_taken"):
        settle(add(AddUser("ADA@example.COM", "Eve", "$hash"), NOW, {CLAIM.id: CLAIM}, {}))
    free = {CLAIM.id: replace(CLAIM, user_id="")}
    effects, _ = settle(add(AddUser("ada@example.com", "Eve", "$hash"), NOW, free, {}))
    assert replace(CLAIM, user_id="u-new") in effects


@pytest.mark.parametrize("alike", ["\uff41da", "ad\uff21", "\u24d0da", "\U0001d41ada"])
def test_letters_that_look_the_same_are_the_same(alike: str) -> None:
    """Where an account is older than that, its own writing of the address is taken as well."""
    ask = AddUser(f"{alike}@example.com", "Eve", "$hash")
    assert settle(add(ask, NOW, {}, {}))[0][0] == replace(
        ADA, id="u-new", name="Eve", created_at=2_000, updated_at=2_000
    )
    ours, old = claimed(ask)
    assert (ours, old) == (CLAIM.id, claim_id(f"{alike}@example.com"))
    for taken in (ours, old):
        with pytest.raises(Refused, match="email_taken"):
            settle(add(ask, NOW, {taken: EmailClaim(taken, "ada")}, {}))


@pytest.mark.parametrize("unseen", UNSEEN)
def test_an_address_with_what_cannot_be_seen_is_refused(unseen: str) -> None:
    with pytest.raises(Refused, match="invalid_field") as refused:
        settle(add(AddUser(f"a{unseen}da@example.com", "Eve", "$hash"), NOW, {}, {}))
    assert refused.value.detail["errors"][0]["field"] == "email"


def test_an_admin_changes_name_and_role() -> None:
    effects, reply = settle(change(ChangeUser("ada", "Ada King", "admin"), NOW, ADA, ONE))
    assert effects == [
        Admins(ALL_ADMINS, ("root", "ada")),
        replace(ADA, name="Ada King", role="admin", version=2, updated_at=2_000),
    ]
    assert (reply.name, reply.role) == ("Ada King", "admin")


def test_a_person_changes_the_own_name_but_not_the_role() -> None:
    self = replace(NOW, caller=Caller("ada", "customer"))
    effects, _ = settle(change(ChangeUser("ada", "Ada King"), self, ADA, {}))
    assert effects == [replace(ADA, name="Ada King", version=2, updated_at=2_000)]
    with pytest.raises(Refused, match="forbidden"):
        settle(change(ChangeUser("ada", role="admin"), self, ADA, ONE))
    with pytest.raises(Refused, match="not_found"):
        settle(change(ChangeUser("root", "Mine"), self, ROOT, {}))


@pytest.mark.parametrize(
    "ask", [ChangeUser("ada"), ChangeUser("ada", "Ada"), ChangeUser("ada", "Ada", "customer")]
)
def test_a_change_of_nothing_writes_nothing(ask: ChangeUser) -> None:
    effects, reply = settle(change(ask, NOW, ADA, ONE))
    assert effects == []
    assert reply.name == "Ada"


def test_the_last_admin_can_neither_leave_nor_give_up_the_role() -> None:
    with pytest.raises(Refused, match="last_admin"):
        settle(change(ChangeUser("root", role="customer"), NOW, ROOT, ONE))
    with pytest.raises(Refused, match="last_admin"):
        settle(delete(DeleteUser("root"), NOW, ROOT, {}, ONE))
    effects, _ = settle(change(ChangeUser("root", role="customer"), NOW, ROOT, TWO))
    assert Admins(ALL_ADMINS, ("other",)) in effects


def test_a_deleted_person_leaves_no_trace() -> None:
    effects, reply = settle(delete(DeleteUser("ada"), NOW, ADA, {CLAIM.id: CLAIM}, {}))
    gone = replace(
        ADA, email="", name="deleted user", status="DELETED", password_hash="", version=2, updated_at=2_000
    )
    assert effects == [gone, replace(CLAIM, user_id=""), UserDeleted("ada")]
    assert reply == Nothing()
    assert claims_of(ADA) == (CLAIM.id,)
    assert claims_of(gone) == ()


def test_who_is_deleted_is_not_found() -> None:
    gone = replace(ADA, status="DELETED")
    with pytest.raises(Refused, match="not_found"):
        settle(delete(DeleteUser("ada"), NOW, gone, {}, {}))
    with pytest.raises(Refused, match="not_found"):
        settle(change(ChangeUser("ada", "X"), NOW, gone, {}))


def test_the_first_admin_is_made_once() -> None:
    ask = AddUser("root@example.com", "Root", "$hash", "admin", first_admin=True)
    assert settle(add(ask, NOW, {}, {}))[0]
    with pytest.raises(Refused, match="forbidden"):
        settle(add(ask, NOW, {}, ONE))


def test_a_rewritten_account_gives_its_address_back() -> None:
    ask = RewriteUser("ada", email="King@example.com", password_hash="$new")
    claims = {CLAIM.id: CLAIM}
    effects, reply = settle(rewrite(ask, NOW, ADA, {}, claims, {}))
    assert effects == [
        replace(CLAIM, user_id=""),
        EmailClaim(claim_id("king@example.com"), "ada"),
        replace(ADA, email="king@example.com", password_hash="$new", version=2, updated_at=2_000),
    ]
    assert reply.email == "king@example.com"
    assert settle(rewrite(RewriteUser("ada"), NOW, ADA, {}, claims, {}))[0] == []
    taken = {"x": EmailClaim(claim_id("king@example.com"), "other")}
    with pytest.raises(Refused, match="email_taken"):
        settle(rewrite(ask, NOW, ADA, {}, claims, taken))


def test_the_last_admin_keeps_the_role_when_rewritten() -> None:
    with pytest.raises(Refused, match="last_admin"):
        settle(rewrite(RewriteUser("root", role="customer"), NOW, ROOT, ONE, {}, {}))
    effects, _ = settle(rewrite(RewriteUser("root", role="customer"), NOW, ROOT, TWO, {}, {}))
    assert effects[0] == Admins(ALL_ADMINS, ("other",))
