"""Says which fields each part of a Kong file may have, and turns what was written into what the edge works
with.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct, field

from . import declared, paths
from .document import BadFile

T = TypeVar("T")
Trees = list[Any]
Name = Annotated[str, Meta(pattern=r"^[0-9A-Za-z._~-]*$")]
Port = Annotated[int, Meta(ge=0, le=65_535)]
Milliseconds = Annotated[int, Meta(ge=1, le=2_147_483_646)]
HeaderName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]
_HOST = re.compile(r"(?:\*\.?)?[A-Za-z0-9._-]+(?:\.?\*)?(?::[0-9]{1,5})?")
_PREFIX = re.compile(r"/[A-Za-z0-9.\-_~/%!$&'()*+,;=@:]*")
_NAMED_GROUP = re.compile(r"\(\?<(?![=!])")
COMMENTS = ("_comment", "_ignore")


class Entity(Struct, kw_only=True, forbid_unknown_fields=True):
    id: str = ""
    tags: list[str] = []


class Top(Struct, kw_only=True, forbid_unknown_fields=True):
    format_version: Literal["3.0", "2.1", "1.1"] = field(name="_format_version")
    transform: bool = field(name="_transform", default=True)
    info: dict[str, Any] = field(name="_info", default={})
    tags: list[str] = []
    services: Trees = []
    routes: Trees = []
    plugins: Trees = []
    consumers: Trees = []
    upstreams: Trees = []


class Upstream(Entity):
    name: str = ""
    targets: Trees = []
    algorithm: Literal["round-robin"] = "round-robin"


class Target(Entity):
    target: str
    weight: Annotated[int, Meta(ge=1, le=65_535)] = 100


class Service(Entity):
    name: Name = ""
    url: str = ""
    protocol: Literal["http", "https"] = "http"
    host: str = ""
    port: Port = 80
    path: str = ""
    retries: Annotated[int, Meta(ge=0, le=32_767)] = 5
    connect_timeout: Milliseconds = 60_000
    read_timeout: Milliseconds = 60_000
    write_timeout: Milliseconds = 60_000
    enabled: bool = True
    routes: Trees = []
    plugins: Trees = []


class Route(Entity):
    name: Name = ""
    service: Any = None
    paths: list[str] = []
    methods: list[Annotated[str, Meta(pattern="^[A-Z]+$")]] = []
    hosts: list[str] = []
    headers: dict[HeaderName, list[str]] = {}
    protocols: tuple[Literal["http", "https"], ...] = ("http", "https")
    strip_path: bool = True
    preserve_host: bool = False
    regex_priority: Annotated[int, Meta(ge=0)] = 0
    path_handling: Literal["v0"] = "v0"
    https_redirect_status_code: Literal[426, 301, 302, 307, 308] = 426
    request_buffering: bool = True
    response_buffering: bool = True
    plugins: Trees = []


class Consumer(Entity):
    username: str = ""
    custom_id: str = ""
    keyauth_credentials: Trees = []
    jwt_secrets: Trees = []
    plugins: Trees = []


class Key(Entity):
    key: Annotated[str, Meta(min_length=1)]


class Token(Entity):
    key: Annotated[str, Meta(min_length=1)]
    secret: str = ""
    algorithm: declared.Algorithm = "HS256"
    rsa_public_key: str = ""


class Plugin(Entity):
    name: str
    instance_name: str = ""
    config: dict[str, Any] | None = None
    enabled: bool = True
    protocols: tuple[Literal["http", "https", "grpc", "grpcs"], ...] = ("http", "https")
    service: Any = None
    route: Any = None
    consumer: Any = None


class Reading:
    """One file: all that a complaint needs to say where it is. Errors of every method: BadFile."""

    def __init__(self, file: str) -> None:
        self.file = file

    def bad(self, place: str, what: str) -> BadFile:
        return BadFile(f"{self.file}: {place}: {what}" if place else f"{self.file}: {what}")

    def named(self, tree: Any, kind: str, around: str = "") -> str:
        """How this part is called in a message."""
        name = tree.get("name") if isinstance(tree, dict) else None
        here = f"{kind} {name}" if name else f"a {kind} without a name"
        return f"{around}: {here}" if around else here

    def form(self, kind: type[T], tree: Any, place: str, prefix: str = "") -> T:
        """The fields of one part; null is as if it were not there."""
        if not isinstance(tree, dict):
            raise self.bad(place, "must be a table of fields")
        given = {key: value for key, value in tree.items() if value is not None and key not in COMMENTS}
        try:
            return msgspec.convert(given, kind)
        except msgspec.ValidationError as error:
            raise self.bad(place, _sentence(str(error), prefix)) from None
        except TypeError:  # a key that is no text
            raise self.bad(place, "has a field whose name is not a text") from None


def _sentence(error: str, prefix: str) -> str:
    what, _, path = error.partition(" - at `")
    inside = path.rstrip("`").removeprefix("$").removeprefix(".")
    if found := re.fullmatch(r"Object contains unknown field `(.*)`", what):
        inner = f"{inside}." if inside else ""
        return f"{prefix}{inner}{found[1]}: this stand-in does not understand this field"
    if found := re.fullmatch(r"Object missing required field `(.*)`", what):
        return f"{prefix}{found[1]}: is missing"
    if found := re.fullmatch(r"Invalid enum value (.*)", what):
        what = f"this stand-in does not understand {found[1]}"
    return f"{prefix}{inside}: {what[:1].lower()}{what[1:]}"


def near(wrong: str, known: Iterable[str]) -> str:
    found = get_close_matches(wrong, list(known), 1, 0.6)
    return f"; did you mean {found[0]!r}?" if found else ""


def reference(given: Any, reading: Reading, place: str) -> str:
    """A name, or a table with one. Empty where there is none."""
    if isinstance(given, dict) and set(given) <= {"name", "username"}:
        given = given.get("name") or given.get("username")
    if given is None:
        return ""
    if not isinstance(given, str) or not given:
        raise reading.bad(place, "must be a name")
    return given


def host_and_port(text: str, port: int) -> tuple[str, int]:
    """An empty host: it is none."""
    try:
        parts = urlsplit(f"//{text}")
        host, found = parts.hostname or "", parts.port or port
    except ValueError:
        return "", 0
    return ("", 0) if parts.path or parts.query or parts.username else (host, found)


def service(
    form: Service, place: str, reading: Reading, targets: Mapping[str, tuple[str, int]], name: str, id: str
) -> declared.Service:
    """`url` goes before the fields that say the same."""
    protocol, host, port, path = form.protocol, form.host, form.port, form.path
    if form.url:
        try:
            parts = urlsplit(form.url)
            host, found = parts.hostname or "", parts.port
        except ValueError:
            raise reading.bad(place, f"url: {form.url!r} is not an address") from None
        if parts.scheme not in ("http", "https") or not host or parts.query or parts.username:
            raise reading.bad(place, f"url: {form.url!r} is not an address; write http://HOST:PORT/PATH")
        protocol = "https" if parts.scheme == "https" else "http"
        port, path = found or declared.DEFAULT_PORTS[protocol], parts.path or "/"
    if not host:
        raise reading.bad(place, "url: is missing")
    if not re.fullmatch(r"[A-Za-z0-9._:-]+", host):
        raise reading.bad(place, f"host: {host!r} is not the name or address of a machine")
    if path and not _PREFIX.fullmatch(path):
        raise reading.bad(place, f"path: {path!r} is not a path")
    host, port = targets.get(host, (host, port))
    return declared.Service(
        name,
        id,
        protocol,
        host,
        port,
        path,
        form.retries,
        form.connect_timeout / 1000,
        form.read_timeout / 1000,
        form.write_timeout / 1000,
    )


def route(
    form: Route, place: str, reading: Reading, service: declared.Service, name: str, id: str
) -> declared.Route:
    if not (form.paths or form.hosts or form.methods or form.headers):
        raise reading.bad(place, "paths: is missing; a route needs paths, hosts, methods or headers")
    for host in form.hosts:
        if not _HOST.fullmatch(host) or host.count("*") > 1:
            raise reading.bad(place, f"hosts: {host!r} is not a host, with * at one end at most")
    for name, values in form.headers.items():
        if name.lower() == "host":
            raise reading.bad(place, "headers: host: write it under hosts")
        if any(value.startswith("~*") for value in values):
            raise reading.bad(place, f"headers: {name}: this stand-in does not understand a regex here")
    return declared.Route(
        name,
        id,
        service,
        tuple(_path(text, place, reading) for text in form.paths),
        tuple(host.lower() for host in form.hosts),
        frozenset(form.methods),
        tuple(
            (name.lower().encode(), frozenset(value.lower().encode() for value in values))
            for name, values in form.headers.items()
        ),
        frozenset(form.protocols),
        form.strip_path,
        form.preserve_host,
        form.regex_priority,
        form.https_redirect_status_code,
    )


def _path(text: str, place: str, reading: Reading) -> declared.Path:
    if text.startswith("~"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # a set that another regex library reads otherwise
                return declared.Path(text, regex=re.compile(_NAMED_GROUP.sub("(?P<", text[1:]), re.ASCII))
        except (re.error, FutureWarning, DeprecationWarning, OverflowError) as error:
            raise reading.bad(place, f"paths: the regex {text!r} cannot be read: {error}") from None
    if not _PREFIX.fullmatch(text):
        raise reading.bad(place, f"paths: {text!r} is not a path; a regex begins with ~")
    if "//" in text:
        raise reading.bad(place, f"paths: {text!r} has an empty part")
    try:
        return declared.Path(text, paths.normal(text))
    except paths.BadPath:
        raise reading.bad(place, f"paths: {text!r} has a % that escapes nothing") from None
