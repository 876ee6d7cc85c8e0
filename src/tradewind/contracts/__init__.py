"""The messages that services exchange: requests, queries, replies and events, one file per service. Pure
data; the tag is the name on the wire.
"""
