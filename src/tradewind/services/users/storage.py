"""The tables of users, addresses and sessions. The only file of this service that contains SQL."""

from __future__ import annotations

import sqlalchemy as sa

from ...core.model import Table
from ...core.schema import Doc, metadata, newest_first
from .domain import Admins, EmailClaim, User
from .sessions import Session

MD = metadata("users")

USERS = Table(
    User,
    sa.Table(
        "users",
        MD,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Index("users_created", "created_at", "id"),
    ),
)
CLAIMS = Table(
    EmailClaim,
    sa.Table(
        "email_claims",
        MD,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
    ),
)
ADMINS = Table(
    Admins,
    sa.Table("admins", MD, sa.Column("id", sa.Text, primary_key=True), sa.Column("ids", Doc, nullable=False)),
)
SESSIONS = Table(
    Session,
    sa.Table(
        "sessions",
        MD,
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
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
