"""Sums up at the end of a run which tests were skipped for want of what, one line a server."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import NoReturn

import pytest

POSTGRES = "needs PostgreSQL, ./dev services up postgres"
MYSQL = "needs MySQL, ./dev services up mysql"
RABBITMQ = "needs RabbitMQ, ./dev services up rabbitmq"
REDIS = "needs Redis, ./dev services up redis"
KAFKA = "needs Kafka, ./dev services up kafka"
MONGODB = "needs MongoDB, ./dev services up mongodb"
NODE_NOTIFICATIONS = (
    "needs Node.js 20 or newer and the clients of others, npm ci in tests/interop/notifications"
)
NODE_GRAPHQL = "needs Node.js 20 or newer and clients of GraphQL, npm ci in tests/interop/graphql"
NODE_ASYNCAPI = "needs Node.js 20 or newer and the parser of AsyncAPI, npm ci in tests/interop/asyncapi"
NODE_KAFKA = "needs Node.js 20 or newer and kafkajs, npm ci in tests/interop/kafka"
NODE_APOLLO = "needs Node.js 20 or newer and the peer's packages, npm ci in benchmarks/peers/nestjs-graphql"
NODE = "needs Node.js 20 or newer and the peer's packages, npm ci in benchmarks/peers/nestjs-rpc"


def unmet(need: str, *, optional: bool = False) -> NoReturn:
    """Skips what cannot run here, by name; fails it where everything must run, unless it is `optional`: what
    belongs to others and may be gone.
    """
    if os.environ.get("TRADEWIND_REQUIRE_SERVICES") == "1" and not optional:
        pytest.fail(need)
    pytest.skip(need)


def summary(reasons: Iterable[str]) -> list[str]:
    """A line for each reason, the most frequent first."""
    counted = Counter(reason.removeprefix("Skipped: ") for reason in reasons)
    return [f"{reason}: {count} test{'s' * (count > 1)}" for reason, count in counted.most_common()]
