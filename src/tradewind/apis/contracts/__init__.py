"""Orders and invoices as two Fastify services behind Kong publish them, on plain objects."""
