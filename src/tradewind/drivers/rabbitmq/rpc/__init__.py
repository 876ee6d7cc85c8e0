"""Asks and answers over RabbitMQ in the wire format of NestJS 10, so that either side of a queue can be moved
to us on its own.

`client` asks, `server` takes and answers; `wire` is what a message looks like, `patterns` how NestJS names
what is asked for. Import from the modules: a program that only asks should not pay for the code that
answers.
"""
