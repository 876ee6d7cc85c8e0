"""Says what an API exports and what a process hands to it, so that neither knows the other: a registry lists
manifests, a blueprint names APIs, and a process gives each the transport that it is carried by.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from .gateway import Gateway

if TYPE_CHECKING:
    from .cache import Cache
    from .clock import Clock
    from .http import Handler, HttpClient, HttpTarget, Request, Response, Server
    from .rate_limiter import Limit, RateLimiter
    from .request_queue import Handler as QueueHandler
    from .request_queue import RequestQueueClient, Wire
    from .rpc_methods import RpcClient, RpcService
    from .settings import Setting


def nothing(*_: object) -> None:
    """Does it."""


def _no_rpc(url: str, authority: str = "") -> RpcClient:
    raise ValueError(f"{url}: nothing here calls remote procedures")


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """The process around an API, or around a service that calls systems outside. `settings` are those in
    force, by name; `apis` are those that the blueprint serves anywhere. `key` signs what a caller of ours may
    bring back, and `secret` is a key of its own for each purpose: both are the same in every process of a
    data folder. `client` makes an HTTP client that its taker closes, and `rpc` one of remote procedure calls
    to an address, which trusts the certificates in a file where that is named. `webhooks` says where those of
    outside systems are taken, once that is known; None: nowhere. `blueprint` is its name, `addresses` are
    where its services answer over HTTP, and `packages` is the folder of the API packages.
    """

    settings: Mapping[str, Any]
    policies: Any
    apis: frozenset[str]
    clock: Clock
    key: Callable[[], bytes]
    secret: Callable[[str], bytes]
    client: Callable[[], HttpClient]
    rpc: Callable[[str, str], RpcClient] = _no_rpc
    webhooks: Callable[[], tuple[str, int] | None] | None = None
    blueprint: str = ""
    addresses: Mapping[str, str] = {}
    packages: Path = Path()


class ApiGiven(Around, frozen=True, kw_only=True):
    """What an API over HTTP gets. `pages` are of the process: path and answer. `observe`, `observe_call`,
    `log` and `tracer` are what its kernel takes. `limiter` keeps a limit of its callers, and `cache` is for
    what it shows: both shared by all copies where the settings name a Redis. `operations` are shown beside
    those of the contracts.
    """

    reach: Reach
    pages: Mapping[str, Callable[[Request], Response]]
    observe: Callable[..., None]
    observe_call: Callable[..., None]
    log: Callable[..., None]
    tracer: Any
    limiter: Callable[[Limit], RateLimiter]
    cache: Cache
    operations: tuple[Any, ...] = ()


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How an API reaches the services that it shows: by a Gateway, or by the queues of the API that it is
    carried over, or by the HTTP servers of the services, where those have no Gateway. `at_once`: they answer
    without a network between; `remote`: one of them runs in another process. `lacks` and `late` are what is
    missing for that, and what is late; `waiting`: how many events of this process wait for the broker.
    """

    to: Gateway | None = None
    over: RequestQueueClient | None = None
    http: Mapping[str, HttpTarget] = {}
    at_once: bool = False
    remote: bool = False
    lacks: Callable[[], list[str]] = list
    late: Callable[[], list[str]] = list
    waiting: Callable[[], int] = int

    @property
    def gateway(self) -> Gateway:
        assert self.to is not None
        return self.to

    @property
    def queues(self) -> RequestQueueClient:
        assert self.over is not None
        return self.over


class Front(msgspec.Struct, frozen=True, kw_only=True):
    """An API as an HTTP server takes it: its handler, or a `server` of its own. `body_bytes`: the largest
    body that is read, 0: as the server has it; `streams` says of which requests the body is handed on while
    it comes, and where it is given answers may be streamed too (extra `streaming`); `problem` gives what the
    server refuses by itself the form of the API; `unanswered` is an answer that is not written, so that the
    connection just ends.

    `opened` is called once it listens, `drain` and `close` at the end. `levels` can be read at any time;
    `missing` is what it lacks beside what the process knows.
    """

    handler: Handler | None = None
    server: Server | None = None
    body_bytes: int = 0
    streams: Callable[[Request], bool] | None = None
    problem: Callable[[Response], Response] | None = None
    unanswered: Response | None = None
    opened: Callable[[], Awaitable[None] | None] = nothing
    drain: Callable[[], None] = nothing
    close: Callable[[], Awaitable[None] | None] = nothing
    levels: Mapping[str, Callable[[], dict[str, float]]] = {}
    missing: Callable[[], list[str]] = list


class RpcFront(msgspec.Struct, frozen=True, kw_only=True):
    """An API of remote procedure calls as their server takes it. `certificate` and `key` are files; empty: it
    is served without TLS.
    """

    services: tuple[RpcService, ...]
    certificate: str = ""
    key: str = ""


class RemoteGateway(Gateway, Protocol):
    """A Gateway to other processes. `heard` is told the key of each event that somebody may wait for."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def heard(self, key: str) -> None: ...


class RequestQueues(msgspec.Struct, frozen=True, kw_only=True):
    """An API over queues, one for each service. `address` names the queue of a service by the settings,
    `wire` says what messages look like, and `handlers(service, gateway, settings, at_once)` answer them.

    `client(queues, addresses, needs, read_s, tracer, now)` is a Gateway over it, where processes of ours ask
    by it: `needs` are the services that `missing` tells of, `read_s` is how long a question waits, 0: as
    long as it does without.
    """

    address: Callable[[str, Mapping[str, Any]], str]
    wire: Callable[[], Wire]
    handlers: Callable[[str, Gateway, Mapping[str, Any], bool], Mapping[str, QueueHandler]]
    client: (
        Callable[
            [RequestQueueClient, Mapping[str, str], tuple[str, ...], float, Any, Callable[[], int]],
            RemoteGateway,
        ]
        | None
    ) = None


class Hasher(Protocol):
    """Hashes the password of the first admin."""

    async def hash(self, password: str, /) -> str: ...
    def close(self) -> None: ...


class FirstAdmin(msgspec.Struct, frozen=True):
    """`service` keeps the admins of an API: its process makes the first one."""

    service: str
    hasher: Callable[[Around], Hasher]


class ApiManifest(msgspec.Struct, frozen=True, kw_only=True):
    """One API, under the name that a blueprint has for it. Light to import: what serves it is imported where
    it is served.

    - `transport`: what carries it: http, rabbitmq, grpc.
    - `front` makes it, where http carries it; `queues`, where rabbitmq does; `methods`, where grpc does.
    - `asked` makes a Gateway over it to one service, for the processes of ours that ask by it where no queue
      carries it.
    - `clients`: programs outside call it, not only processes of ours. Such a process stops first.
    - `shows`: the services whose messages it passes on. Where one runs in another process, `over` names the
      APIs by which this one can ask it. `needs` are those of them without which no new work is accepted.
    - `serves`: the services that may take requests by it; empty: any.
    - `watches`: the names of the events that a waiting client is woken by, as a topic exchange matches them.
    - `beside`: APIs that a process must serve where not all that this one shows runs in its own process.
    - `promises`: policies whose value its clients rely on.
    - `settings`: its own, by name. `stands_in`: settings that stand for what its requests do not say.
    - `ignores`: variables of its published page that change nothing here.
    - `accepts`: takes new work by itself, so that its process is ready without the channels of its services.
    - `webhooks`: takes those of outside systems. `admin`: has no other way to a first admin than the start.
    - `base`, `docs`, `example` (a path to GET) and `try_it` (a command): what a person is shown at the start.
    - `asked_at`: the setting with the URL by which other processes ask it, where those speak HTTP with it.
    - `at`: the setting that says where it is, for the processes that ask it.
    - `single`: it runs once, and its process in no copies.
    - `uses`: parts of the settings, by their names in `runtime.settings`, beside the part that is its own.
    - `published`: the module whose `TABLES` are what others may read of the database (`core.published`).
    - `adopts`: the module whose `SOURCES` are the tables whose rows come over (`core.adopting`).
    - `documents`: the module whose `DOCUMENTS` are what others read of a store of documents
      (`core.documents`).
    - `channels`: the module whose `channels(settings)` says which events it publishes in a form of its own,
      imported only where events are carried.
    """

    name: str
    transport: str
    front: Callable[[ApiGiven], Front] | None = None
    queues: RequestQueues | None = None
    methods: Callable[[ApiGiven], RpcFront] | None = None
    asked: Callable[[Around], Gateway] | None = None
    clients: bool = False
    shows: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    promises: Mapping[str, str] = {}
    settings: Mapping[str, Setting] = {}
    stands_in: tuple[str, ...] = ()
    ignores: tuple[str, ...] = ()
    accepts: bool = False
    webhooks: bool = False
    admin: FirstAdmin | None = None
    base: str = ""
    docs: str = ""
    example: str = ""
    try_it: str = ""
    at: str = ""
    asked_at: str = ""
    single: bool = False
    uses: tuple[str, ...] = ()
    published: str = ""
    adopts: str = ""
    channels: str = ""
    documents: str = ""
