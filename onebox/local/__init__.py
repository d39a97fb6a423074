"""Real parts on this machine, without containers: Apache Kafka and PostgreSQL."""
