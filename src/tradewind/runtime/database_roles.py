"""Gives each service of a blueprint a role of its own at the database: a fault in one cannot reach the
rows of another. Passwords are derived from the key of the data folder: nothing more has to be kept.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import quote, urlsplit, urlunsplit

from .config import Config
from .keys import signing_key
from .stores import by_place, kind_of, place_of
from .topology import Blueprint

LONGEST, LONGEST_ON_MYSQL = 30, 32
_PLAIN = re.compile(r"[a-z][a-z0-9_]*")


def make_roles(config: Config, blueprint: Blueprint) -> list[str]:
    """Makes the roles that are missing and sets the others right; their names. Errors: StoreUnusable."""
    from . import roles

    made = []
    for place, services in by_place(config, blueprint, blueprint.services).items():
        for service in services:
            made += roles.grant(
                place, [service], blueprint.schemas, prefix=prefix(place), password=password(config, service)
            )
    return [one.role for one in made]


def url_of(config: Config, blueprint: Blueprint, service: str) -> str:
    """The database of a service as its role sees it."""
    url = place_of(config, blueprint, service)
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    user = f"{quote(role_of(url, prefix(url), service))}:{password(config, service)}"
    return urlunsplit(parts._replace(netloc=f"{user}@{place}"))


def role_of(url: str, prefix: str, service: str) -> str:
    """What the role of a service is called."""
    role = f"{prefix}_{service}"
    if kind_of(url) != "mysql" or len(role) <= LONGEST_ON_MYSQL:
        return role
    return f"tw_{hashlib.blake2b(role.encode(), digest_size=6).hexdigest()}_{service}"


def prefix(url: str) -> str:
    """What the names of the roles begin with: the database's name, as roles belong to a whole server."""
    name = urlsplit(url).path.lstrip("/")
    if _PLAIN.fullmatch(name) and len(name) <= LONGEST:
        return name
    return f"tw_{hashlib.blake2b(name.encode(), digest_size=8).hexdigest()}"


def password(config: Config, service: str) -> str:
    key = signing_key(config.jwt_secret, config.data)
    return hmac.digest(key, f"tradewind/database-role/{service}".encode(), hashlib.sha256).hex()
