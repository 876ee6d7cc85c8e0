"""Any number of people come, change, sign in and go: the promises about addresses, admins and sessions hold
at every step.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from tests.support.memory import Memory
from tradewind.contracts.users import (
    AddUser,
    ChangeUser,
    DeleteUser,
    EndSession,
    OpenSession,
    Role,
    RotateSession,
    UserDeleted,
)
from tradewind.core.model import Caller, Context, Message, Refused
from tradewind.services.users.domain import ALL_ADMINS, Admins, EmailClaim, User, claim_id
from tradewind.services.users.service import SERVICE
from tradewind.services.users.sessions import OVER, Session

ROLES = st.sampled_from(["customer", "admin"])


class Users(RuleBasedStateMachine):
    people = Bundle("people")
    sessions = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(SERVICE)
        self.at = 0

    def tell(self, message: Message) -> Any:
        """The reply, or the code of the refusal."""
        self.at += 1
        try:
            return self.memory.tell(message, Context(self.at, f"id-{self.at}", Caller("root", "admin")))
        except Refused as refused:
            return refused.code

    @initialize(target=people)
    def open_shop(self) -> str:
        return self.tell(AddUser("root@example.com", "Root", "$hash", "admin")).id  # type: ignore[no-any-return]

    @rule(target=people, address=st.sampled_from(["a@x.de", "A@x.de", "b@x.de", "c@x.de"]), role=ROLES)
    def come(self, address: str, role: Role) -> str:
        taken = any(user.active and user.email.lower() == address.lower() for user in self.memory.all(User))
        reply = self.tell(AddUser(address, "Somebody", "$hash", role))
        assert (reply == "email_taken") == taken
        return "nobody" if taken else reply.id

    @rule(who=people, role=ROLES)
    def change(self, who: str, role: Role) -> None:
        self.tell(ChangeUser(who, f"Name {self.at}", role))

    @rule(who=people)
    def go(self, who: str) -> None:
        self.tell(DeleteUser(who))

    @rule(target=sessions, who=people)
    def sign_in(self, who: str) -> tuple[str, int]:
        reply = self.tell(OpenSession(who))
        return ("none", 1) if isinstance(reply, str) else (reply.session_id, reply.generation)

    @rule(target=sessions, token=sessions)
    def rotate(self, token: tuple[str, int]) -> tuple[str, int]:
        before = self.memory.rows[Session].get(token[0])
        reply = self.tell(RotateSession(*token))
        good = (
            before is not None
            and before.status == "OPEN"
            and before.generation == token[1]
            and self.user(before.user_id).active
        )
        assert (reply.generation != OVER) == good
        assert good or before is None or self.memory.rows[Session][token[0]].status == "ENDED"
        return reply.session_id, reply.generation

    @rule(token=sessions)
    def sign_out(self, token: tuple[str, int]) -> None:
        self.tell(EndSession(token[0]))

    def user(self, user_id: str) -> User:
        return self.memory.rows[User][user_id]  # type: ignore[no-any-return]

    @invariant()
    def an_address_is_one_persons(self) -> None:
        active = {claim_id(user.email): user.id for user in self.memory.all(User) if user.active}
        assert {claim.id: claim.user_id for claim in self.memory.all(EmailClaim) if claim.user_id} == active

    @invariant()
    def there_is_an_admin_and_all_are_known(self) -> None:
        admins = {user.id for user in self.memory.all(User) if user.active and user.role == "admin"}
        if self.at:
            assert admins
            assert set(self.memory.rows[Admins][ALL_ADMINS].ids) == admins

    @invariant()
    def nothing_is_left_of_who_went(self) -> None:
        gone = [user for user in self.memory.all(User) if not user.active]
        assert {(user.email, user.name, user.password_hash) for user in gone} <= {("", "deleted user", "")}
        assert sorted(e.user_id for e in self.memory.said if isinstance(e, UserDeleted)) == sorted(
            user.id for user in gone
        )


TestUsers = Users.TestCase
TestUsers.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
