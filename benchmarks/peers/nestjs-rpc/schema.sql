DROP SCHEMA IF EXISTS order_schema CASCADE; CREATE SCHEMA order_schema;
CREATE TYPE order_schema.order_status_enum AS ENUM ('PENDING','CONFIRMED','FAILED','CANCELLED');
CREATE TABLE order_schema."order"(id uuid PRIMARY KEY DEFAULT gen_random_uuid(), status order_schema.order_status_enum NOT NULL DEFAULT 'PENDING', items jsonb NOT NULL, total numeric(12,2) NOT NULL, "idempotencyKey" varchar UNIQUE, "createdAt" timestamptz NOT NULL DEFAULT now(), "updatedAt" timestamptz NOT NULL DEFAULT now());
