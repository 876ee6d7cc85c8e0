"""Where rows are kept. One port, a driver each for SQLite and PostgreSQL."""
