"""Notifies customers of each step of their orders, once."""
