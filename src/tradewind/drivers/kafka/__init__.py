"""The driver for Kafka: events on topics, with confluent-kafka's synchronous classes in threads."""
