"""Keeps accounts and sessions, so that no other service stores a password or an address."""
