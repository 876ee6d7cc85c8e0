"""The tables of users, addresses and sessions. The only file of this service that contains SQL."""

from __future__ import annotations

import sqlalchemy as sa

from ...core import columns
from ...core.model import Table
from ...core.schema import metadata, newest_first
from .domain import Admins, EmailClaim, User
from .sessions import Session

MD = metadata("users")

USERS = Table(
    User,
    sa.Table(
        "users",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("email", columns.Key, nullable=False),
        sa.Column("name", columns.Text, nullable=False),
        sa.Column("role", columns.Key, nullable=False),
        sa.Column("status", columns.Key, nullable=False),
        sa.Column("password_hash", columns.Text, nullable=False),
        sa.Column("version", columns.Number, nullable=False),
        sa.Column("created_at", columns.Instant, nullable=False),
        sa.Column("updated_at", columns.Instant, nullable=False),
        sa.Index("users_created", "created_at", "id"),
    ),
)
CLAIMS = Table(
    EmailClaim,
    sa.Table(
        "email_claims",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("user_id", columns.Reference, nullable=False),
    ),
)
ADMINS = Table(
    Admins,
    sa.Table(
        "admins",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("ids", columns.Document, nullable=False),
    ),
)
SESSIONS = Table(
    Session,
    sa.Table(
        "sessions",
        MD,
        sa.Column("id", columns.Key, primary_key=True),
        sa.Column("user_id", columns.Reference, nullable=False),
        sa.Column("generation", columns.Number, nullable=False),
        sa.Column("status", columns.Key, nullable=False),
        sa.Column("created_at", columns.Instant, nullable=False),
        sa.Column("updated_at", columns.Instant, nullable=False),
        sa.Column("expires_at", columns.Instant, nullable=False),
    ),
)

_user, _session = USERS.rows.c, SESSIONS.rows.c

NEWEST = newest_first(USERS.rows, _user.status == "ACTIVE")
ROLE_IN_SESSION = (
    sa.select(_user.role)
    .join_from(SESSIONS.rows, USERS.rows, _session.user_id == _user.id)
    .where(
        _session.id == sa.bindparam("session", type_=sa.Text),
        _session.user_id == sa.bindparam("user", type_=sa.Text),
        _session.status == "OPEN",
        _user.status == "ACTIVE",
    )
)
