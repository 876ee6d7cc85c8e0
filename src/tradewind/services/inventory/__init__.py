"""Keeps products, their stock and the reservations on it."""
