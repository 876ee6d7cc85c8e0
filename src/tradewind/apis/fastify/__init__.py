"""What systems built with Fastify and zod have in common over HTTP: `http` is how they answer, `zod` what
they say of a body that does not fit.
"""
