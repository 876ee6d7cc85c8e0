"""Accepts orders and brings each to its final status."""
