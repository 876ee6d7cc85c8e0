"""One file per benchmark; this list is the order in which they run. Those in LONG run only when they are
named.
"""

from collections.abc import Callable

from benchmarks.bench import Bench
from benchmarks.cases import (
    backlog,
    contracts,
    graphql,
    growth,
    http,
    intake,
    latency,
    memory,
    reads,
    restart,
    rpc,
    soak,
    startup,
    stories,
    trickle,
)

CASES: dict[str, Callable[[Bench], None]] = {
    "intake": intake.run,
    "stories": stories.run,
    "backlog": backlog.run,
    "latency": latency.run,
    "trickle": trickle.run,
    "reads": reads.run,
    "startup": startup.run,
    "memory": memory.run,
    "restart": restart.run,
    "growth": growth.run,
    "soak": soak.run,
    "rpc": rpc.run,
    "contracts": contracts.run,
    "graphql": graphql.run,
    "http": http.run,
}
LONG = ("growth", "soak", "rpc", "contracts", "graphql", "http")
