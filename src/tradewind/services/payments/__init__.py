"""Moves money exactly once."""
