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
    claims_of,
    delete,
)

NOW = Context(2_000, "u-new", Caller("root", "admin"))
ADA = User("ada", "Ada@Example.com", "Ada", "customer", "ACTIVE", "$hash", 1, 1_000, 1_000)
ROOT = replace(ADA, id="root", email="root@example.com", role="admin")
CLAIM = EmailClaim(claim_id("ada@example.com"), "ada")
ONE = {ALL_ADMINS: Admins(ALL_ADMINS, ("root",))}
TWO = {ALL_ADMINS: Admins(ALL_ADMINS, ("root", "other"))}


def test_a_new_customer_claims_the_address_and_is_announced() -> None:
    effects, reply = settle(add(AddUser("Ada@Example.com", "Ada", "$hash"), NOW, None, {}))
    user = replace(ADA, id="u-new", created_at=2_000, updated_at=2_000)
    assert effects == [user, replace(CLAIM, user_id="u-new"), UserRegistered("u-new", "Ada", "customer")]
    assert reply == UserView("u-new", "Ada@Example.com", "Ada", "customer", "1970-01-01T00:00:02.000Z")


def test_a_new_admin_joins_the_admins() -> None:
    effects, _ = settle(add(AddUser("b@example.com", "B", "$hash", "admin"), NOW, None, ONE))
    assert Admins(ALL_ADMINS, ("root", "u-new")) in effects
    effects, _ = settle(add(AddUser("b@example.com", "B", "$hash", "admin"), NOW, None, {}))
    assert Admins(ALL_ADMINS, ("u-new",)) in effects


def test_a_taken_address_is_refused_and_a_freed_one_is_not() -> None:
    with pytest.raises(Refused, match="email_taken"):
        settle(add(AddUser("ADA@example.COM", "Eve", "$hash"), NOW, CLAIM, {}))
    effects, _ = settle(add(AddUser("ada@example.com", "Eve", "$hash"), NOW, replace(CLAIM, user_id=""), {}))
    assert replace(CLAIM, user_id="u-new") in effects


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
