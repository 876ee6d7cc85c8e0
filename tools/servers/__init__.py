"""Real servers for tests and blueprints, started from the machine's packages in the project's own folder.

Each runs unprivileged, on the loopback, on a port of its own: a server that is already there is never
touched. One module per server, each with the same shape (`model.Server`), listed in `KNOWN`.
"""

from tools.servers.kafka import Kafka
from tools.servers.model import Server
from tools.servers.mongodb import Mongodb
from tools.servers.mysql import MySQL
from tools.servers.postgres import Postgres
from tools.servers.rabbitmq import RabbitMQ
from tools.servers.redis import Redis

SERVERS: list[Server] = [Postgres(), MySQL(), RabbitMQ(page=True), Kafka(), Mongodb(), Redis()]
KNOWN: dict[str, Server] = {server.name: server for server in SERVERS}

# the servers that a blueprint stands on
NEEDS: dict[str, list[str]] = {
    "default": [],
    "postgres": ["postgres"],
    "mysql": ["mysql"],
    "rpc": ["postgres", "rabbitmq"],
    "services": ["postgres", "rabbitmq"],
    "invoicing": ["postgres", "rabbitmq"],
    "contracts": ["postgres", "rabbitmq"],
    "events": ["postgres", "kafka"],
    "graphql": ["mysql", "mongodb", "redis", "rabbitmq"],
}
