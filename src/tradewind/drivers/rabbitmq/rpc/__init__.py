"""Asks and answers over RabbitMQ with direct reply-to: the driver of `core.request_queue`.

`client` asks, `server` takes and answers. Import from the modules: a program that only asks should not pay
for the code that answers.
"""
