"""Runs a blueprint of several processes, under a small supervisor that does no work of its own."""
