"""What is said: requests, queries, replies and events, one file per speaker. Pure data; the tag is the wire
name.
"""
