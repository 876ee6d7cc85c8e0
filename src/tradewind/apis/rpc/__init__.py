"""The API of the blueprint `rpc`: what its gateway answers over HTTP, and what its services answer on their
queues.
"""
