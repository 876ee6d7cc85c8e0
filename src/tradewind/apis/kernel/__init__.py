"""What all APIs share: request context, authentication, idempotency, rate limits, error model, router."""
