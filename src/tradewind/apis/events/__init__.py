"""Users, orders and payments as a NestJS system on Kafka publishes them: a gateway, the HTTP servers of its
services, and three topics.
"""
