"""Other shapes of the API: each face speaks as one of the published systems does."""
