"""The system under test: server processes, PostgreSQL, Redis, and the proxies between them that inject faults."""
