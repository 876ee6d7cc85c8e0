"""Makes the first admin of a shop without one, and a session for the owner of its data folder."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

import msgspec

from ..contracts.users import AddUser, OpenSession, SessionView, UserView
from ..core.gateway import Gateway, Reply
from ..core.model import Caller, Request
from ..core.store import Store, StoreUnusable
from ..services.users.storage import ADMINS
from .config import Config
from .local import keep_session

ADMIN = "admin@example.com"
START_S = 15.0


class Login(msgspec.Struct, frozen=True):
    """The login of the first admin, printed once."""

    email: str
    password: str


async def first_admin(
    config: Config,
    store: Store,
    gateway: Gateway,
    hashed: Callable[[str], Awaitable[str]],
    broken: Callable[[], str],
) -> Login | None:
    """The login of an admin that was made now; None where there was one. `broken`: why the store does not
    take anything. Errors: StoreUnusable.
    """
    admins = await store.get(ADMINS, "admins")
    login = None
    if admins is None:
        login = Login(config.admin_email.lower() or ADMIN, config.admin_password or secrets.token_urlsafe(12))
        try:
            made = await _request(
                gateway, AddUser(login.email, "Admin", await hashed(login.password), "admin"), broken
            )
            admin_id = msgspec.json.decode(made, type=UserView).id
        except StoreUnusable:
            admins, login = await store.get(ADMINS, "admins"), None
            if admins is None:
                raise
    if admins is not None:  # there before, or made by another copy meanwhile
        admin_id = admins.ids[0]
    session = msgspec.json.decode(await _request(gateway, OpenSession(admin_id), broken), type=SessionView)
    keep_session(config, session)
    return login


async def _request(gateway: Gateway, message: Request, broken: Callable[[], str]) -> bytes:
    reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    gateway.submit(message, Caller("platform", "admin"), reply.set_result)
    done, _ = await asyncio.wait({reply}, timeout=START_S)
    answer = reply.result() if done else None
    if answer is None or answer.status:
        why = broken() or ("see the log" if answer is None else answer.body.decode())
        raise StoreUnusable(f"the platform cannot start on this store: {why}")
    return answer.body
