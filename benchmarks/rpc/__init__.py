"""The subjects of `./dev bench rpc`: systems with one HTTP API, on the same PostgreSQL and the same
RabbitMQ.
"""
