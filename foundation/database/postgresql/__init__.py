"""The Django database backend for PostgreSQL, named in the setting `ENGINE`."""
