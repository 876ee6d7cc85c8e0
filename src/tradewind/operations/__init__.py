"""What an operator does: migrate, adopt, audit, dead letters, timeline, stats."""
