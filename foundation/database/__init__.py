"""The database kit: many rows in one statement, many statements in one round trip, and threads for coroutines.

The package imports Django, psycopg and `foundation.errors`, and no other part of the project.

Start with `bulk` (read and write many rows), `pipeline` (send statements together) and `executor` (run a unit of work
of a coroutine in a database thread). `batching` collects items for one call, `pagination` returns the pages of REST
lists, and `postgresql` is the Django backend.
"""
