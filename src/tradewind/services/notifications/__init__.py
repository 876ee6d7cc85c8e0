"""Tells customers what becomes of their orders, once per occasion."""
