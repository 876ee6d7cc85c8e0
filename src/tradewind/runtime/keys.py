"""Keeps the secrets of a data folder: made once, readable by its owner alone."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from ..core.store import StoreUnusable

FILE = "jwt.secret"


def signing_key(given: str, data: Path) -> bytes:
    """What access tokens are signed with: the setting, or the folder's own key. Errors: StoreUnusable, when
    that cannot be read.
    """
    if given:
        return given.encode()
    path = data / FILE
    try:
        # written aside and linked, so that a crash leaves a whole key or none
        if not path.exists():
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = path.with_suffix(f".{os.getpid()}")
            draft.unlink(missing_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        key = path.read_bytes().strip()
    except OSError as error:
        raise StoreUnusable(
            f"{path}: {error.strerror}: give this user the right to read and write it"
        ) from error
    if len(key) < 32:
        raise StoreUnusable(
            f"{path} holds no key: delete it (everybody must sign in again), or set TRADEWIND_JWT_SECRET"
        )
    return key


def derived(key: bytes, purpose: str) -> bytes:
    """A key of its own for each purpose."""
    return hmac.digest(key, b"tradewind/" + purpose.encode(), hashlib.sha256)
