"""Blueprint `graphql` against the system that it stands in for."""
