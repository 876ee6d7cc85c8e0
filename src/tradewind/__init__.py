"""Tradewind, the order platform for commerce teams that work in Python."""
