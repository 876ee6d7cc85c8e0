"""Takes orders and keeps them honest to their end."""
