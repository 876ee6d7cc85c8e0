"""The processor: a service is a function from a batch of messages to a batch of effects, committed in one
transaction.
"""
