"""A store without transactions, on MongoDB."""
