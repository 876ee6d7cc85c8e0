"""The published system of a GraphQL gateway in front of users, orders and notifications with integer ids."""
