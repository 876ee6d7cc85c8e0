"""The table of contents of users: what it is asked, and which function decides."""

from __future__ import annotations

from pathlib import Path

from ...contracts.users import (
    AddUser,
    ChangeUser,
    DeleteUser,
    EndSession,
    FindCredentials,
    FindPrincipal,
    GetMe,
    GetUser,
    HasAdmin,
    ListUsers,
    OpenSession,
    RewriteUser,
    RotateSession,
    UserDeleted,
    UserRegistered,
)
from ...core.manifest import Manifest
from ...core.model import Service, answers, on
from . import domain, queries, sessions
from .storage import ADMINS, CLAIMS, MD, SESSIONS, USERS

SERVICE = Service("users", keeps=[USERS, CLAIMS, ADMINS, SESSIONS], does=[
    on(AddUser,       domain.add,      CLAIMS.each(domain.claimed), ADMINS.each(domain.admins_joined)),
    on(OpenSession,   sessions.start,  USERS.maybe),
    on(RotateSession, sessions.rotate, SESSIONS.maybe, USERS.follow(SESSIONS.maybe, sessions.user_of)),
    on(EndSession,    sessions.end,    SESSIONS.maybe),
    on(ChangeUser,    domain.change,   USERS, ADMINS.each(domain.admins_changed)),
    on(RewriteUser,   domain.rewrite,  USERS, ADMINS.each(domain.admins_changed), CLAIMS.follow(USERS, domain.claims_of), CLAIMS.each(domain.claimed_anew)),
    on(DeleteUser,    domain.delete,   USERS, CLAIMS.follow(USERS, domain.claims_of), ADMINS.follow(USERS, domain.admins_with)),
    answers(GetMe,           queries.get_me),
    answers(GetUser,         queries.get_user),
    answers(ListUsers,       queries.list_users),
    answers(FindCredentials, queries.find_credentials),
    answers(FindPrincipal,   queries.find_principal),
    answers(HasAdmin,        queries.has_admin),
], says=[UserRegistered, UserDeleted])  # fmt: skip

MANIFEST = Manifest(
    name="users",
    make=lambda given: SERVICE,
    tables=MD,
    steps=Path(__file__).with_name("migrations"),
    adopts=f"{__package__}.adopting",
)
