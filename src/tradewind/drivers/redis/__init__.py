"""Caches and rate limits that all copies share, on Redis."""
