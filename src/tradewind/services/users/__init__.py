"""Knows who somebody is and which sessions are alive, so that nobody else has to keep a password or an
address.
"""
