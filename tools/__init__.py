"""What ./dev stands on. Standard library only: it runs before there is an environment."""
