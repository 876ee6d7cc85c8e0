"""What a service author writes with, so that a rule needs no SQL, no loop and no clock to be read
or tested.

A service is a list of rules. A rule names a message, the handler that decides, and the rows it needs. A
handler is a plain generator over frozen aggregates: it yields effects and returns the reply. Everything here
is pure data and types.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeAlias, TypeVar, overload

import msgspec

if TYPE_CHECKING:
    import sqlalchemy as sa

    from .store import Reader


class Message(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Anything that a service handles. `keyed_by` names the field with the key of the aggregate."""

    keyed_by: ClassVar[str] = ""

    @property
    def key(self) -> str:
        return getattr(self, self.keyed_by, "")


class Request(Message, frozen=True):
    """Asks for a change, in the imperative. A caller waits for the reply."""


class Query(Message, frozen=True):
    """Asks for facts. Changes nothing, so it is never claimed."""


class Event(Message, frozen=True):
    """Says what has happened, in the past tense. It has no reply."""

    erases_personal: ClassVar[bool] = False
    """The person with its key is deleted: see `sensitive`."""
    personal_in_replies: ClassVar[tuple[str, ...]] = ()
    """What is personal in the replies that begin with the id of that person, by its name on the wire."""


class Timer(Message, frozen=True):
    """A deadline, as a message to ourselves. Its identity is its name and key."""


class Activity(Message, frozen=True):
    """A call to the outside world, started once its transaction has committed."""


class Outcome(Message, frozen=True):
    """What came of an activity."""


class SetTimer(msgspec.Struct, frozen=True, gc=False):
    """Effect: send us `what` at `when` (ms since the epoch). Setting the same name and key again moves it."""

    when: int
    what: Timer


class CancelTimer(msgspec.Struct, frozen=True, gc=False):
    """Effect: forget this deadline."""

    what: Timer


class Aggregate(msgspec.Struct, frozen=True, gc=False):
    """A row that decides things. Yielding one, new or changed, saves it."""

    id: str


class Caller(msgspec.Struct, frozen=True):
    """The caller. An empty id is anonymous; the API checks the role, the service the ownership."""

    id: str = ""
    role: str = ""

    def may_see(self, owner: str) -> bool:
        return self.role == "admin" or (self.id != "" and self.id == owner)


NOBODY = Caller()


class Context(msgspec.Struct, frozen=True):
    """All that a handler may know beside its rows: the time (ms since the epoch), a fresh id, the caller,
    whether others were consulted, and, for a rule that is `numbered`, the next number of its series.
    """

    at: int
    new_id: str = ""
    caller: Caller = NOBODY
    consulted: bool = False
    number: int = 0


class Refused(Exception):
    """Undoes this message alone and gives the caller the reason. `status` is the HTTP status of the reply,
    `detail` its facts. An event that is refused is a dead letter at once, with `code` as its reason: it
    contradicts what is there, and nothing waits for it.
    """

    def __init__(self, code: str, status: int = 409, says: str = "", **detail: Any) -> None:
        super().__init__(code)
        self.code, self.status, self.says, self.detail = code, status, says, detail


class Consult(Exception):
    """Sets this message aside, asks another service outside any transaction, takes the answer over as a
    message, tries again.
    """

    def __init__(self, query: Query, then: Callable[[Any], Message]) -> None:
        super().__init__(type(query).__name__)
        self.query, self.then = query, then


class Temporary(Exception):
    """An activity could not be done now: try again after the backoff."""


Effect: TypeAlias = Aggregate | Event | Activity | SetTimer | CancelTimer
R = TypeVar("R")
Effects: TypeAlias = Generator[Effect, None, R]
M = TypeVar("M", bound=Message)
M_con = TypeVar("M_con", contravariant=True)
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
Ag = TypeVar("Ag", bound=Aggregate)
O = TypeVar("O", bound=Outcome)  # noqa: E741
Act = TypeVar("Act", bound=Activity)
Q = TypeVar("Q", bound=Query)


def _key(message: Message) -> str:
    return message.key


def keyed(message: Message) -> tuple[str, ...]:
    return (message.key,)


class Load(Generic[M_con, A]):
    """Which rows a handler needs, as a function of its message alone, so that a whole batch loads in one
    SELECT a table.
    """

    def __init__(
        self,
        table: Table[Any],
        keys: Callable[[Any], Iterable[str]],
        how: str,
        via: Load[Any, Any] | None = None,
    ) -> None:
        self.table, self.keys, self.how, self.via = table, keys, how, via
        self.each_of = how == "each"
        self.key: Callable[[Any], str] = _key


class Table(Generic[Ag], Load[Message, Ag]):
    """Where one kind of aggregate is kept. As a load, it is the row with the message's key, which must
    exist.
    """

    def __init__(self, kind: type[Ag], rows: sa.Table) -> None:
        super().__init__(self, keyed, "one")
        self.kind, self.rows, self.name = kind, rows, rows.name
        self.maybe: Load[Message, Ag | None] = Load(self, keyed, "maybe")
        self.callers: Load[Message, Ag | None] = Load(self, keyed, "callers")

    def each(self, keys: Callable[[M], Iterable[str]]) -> Load[M, Mapping[str, Ag]]:
        """The rows under these keys that exist, by key."""
        return Load(self, keys, "each")

    def at(self, key: Callable[[M], str]) -> Load[M, Ag]:
        """The row under this key, which must exist."""
        return self._under(key, "one")

    def maybe_at(self, key: Callable[[M], str]) -> Load[M, Ag | None]:
        """The row under this key, or None."""
        return self._under(key, "maybe")

    def _under(self, key: Callable[[Any], str], how: str) -> Load[Any, Any]:
        load: Load[Any, Any] = Load(self, lambda m: (key(m),), how)
        load.key = key
        return load

    def follow(self, other: Load[M, B], keys: Callable[[B], Iterable[str]]) -> Load[M, Mapping[str, Ag]]:
        """The rows that another loaded row points to; none where that row is missing."""
        return Load(self, keys, "each", via=other)


class Rule(msgspec.Struct, frozen=True):
    hears: type[Message]
    do: Callable[..., Any]
    loads: tuple[Load[Any, Any], ...]
    series: str = ""


class Attempt(msgspec.Struct, frozen=True):
    """Which try of an activity this is: 1 is the first. `again`: an earlier one may have been carried out,
    seen or unseen.
    """

    number: int
    at: int
    again: bool = False


class Performs(msgspec.Struct, frozen=True):
    what: type[Activity]
    call: Callable[[Any, Attempt], Awaitable[Outcome]]


class Answers(msgspec.Struct, frozen=True):
    query: type[Query]
    do: Callable[[Reader, Any, Caller], Awaitable[Any]]


@overload
def on(hears: type[M], do: Callable[[M, Context], Effects[Any]], /) -> Rule: ...
@overload
def on(hears: type[M], do: Callable[[M, Context, A], Effects[Any]], a: Load[M, A], /) -> Rule: ...
@overload
def on(
    hears: type[M], do: Callable[[M, Context, A, B], Effects[Any]], a: Load[M, A], b: Load[M, B], /
) -> Rule: ...
@overload
def on(
    hears: type[M],
    do: Callable[[M, Context, A, B, C], Effects[Any]],
    a: Load[M, A],
    b: Load[M, B],
    c: Load[M, C],
    /,
) -> Rule: ...
@overload
def on(
    hears: type[M],
    do: Callable[[M, Context, A, B, C, D], Effects[Any]],
    a: Load[M, A],
    b: Load[M, B],
    c: Load[M, C],
    d: Load[M, D],
    /,
) -> Rule: ...
def on(hears: type[Any], do: Callable[..., Any], /, *loads: Load[Any, Any]) -> Rule:
    """A rule: the handler of a message, and the rows that it needs."""
    return Rule(hears, do, loads)


def numbered(rule: Rule, series: str) -> Rule:
    """The same rule, whose handler finds in `Context.number` the next number of a series of this service:
    unique in the installation, rising within a process, with gaps. It is used up unless the message is
    refused.
    """
    return msgspec.structs.replace(rule, series=series)


def performs(what: type[Act], call: Callable[[Act, Attempt], Awaitable[O]]) -> Performs:
    """How an activity is carried out. It is tried again after `Temporary` or a crash, so the other side must
    recognise its key.
    """
    return Performs(what, call)


def answers(query: type[Q], do: Callable[[Reader, Q, Caller], Awaitable[Any]]) -> Answers:
    """How a question is answered: an async function over the store, outside any transaction of ours."""
    return Answers(query, do)


class Service:
    """The table of contents of a service: its tables, its events, its handlers, its activities and its
    queries.
    """

    def __init__(
        self,
        name: str,
        *,
        keeps: Iterable[Table[Any]],
        does: Iterable[Rule | Performs | Answers],
        says: Iterable[type[Event]] = (),
    ) -> None:
        does = list(does)
        self.name, self.says = name, tuple(says)
        self.tables: dict[type[Aggregate], Table[Any]] = {table.kind: table for table in keeps}
        self.rules: dict[type[Message], Rule] = {rule.hears: rule for rule in does if isinstance(rule, Rule)}
        self.performs: dict[type[Activity], Performs] = {p.what: p for p in does if isinstance(p, Performs)}
        self.answers: dict[type[Query], Answers] = {a.query: a for a in does if isinstance(a, Answers)}
        for rule in self.rules.values():
            for load in rule.loads:
                if load.table.kind not in self.tables:
                    raise ValueError(
                        f"{name}: {rule.do.__name__} loads {load.table.name}, which is not kept here"
                    )


def settle(does: Effects[R]) -> tuple[list[Effect], R]:
    """Runs a handler to its end: its effects in order, and its reply. The whole of a unit test's
    machinery.
    """
    effects: list[Effect] = []
    while True:
        try:
            effects.append(next(does))
        except StopIteration as end:
            return effects, end.value


def wire_name(kind: type[Message]) -> str:
    """The name on the wire: a promise, where the class name is not."""
    tag = kind.__struct_config__.tag
    return tag if isinstance(tag, str) else kind.__name__
