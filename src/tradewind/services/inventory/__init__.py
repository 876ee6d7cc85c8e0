"""Knows what is on the shelf and who has a claim on it."""
