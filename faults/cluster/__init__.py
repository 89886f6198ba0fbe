"""The system under test, and the tools to break it: server processes, PostgreSQL, Redis, and proxies between them."""
