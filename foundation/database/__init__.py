"""The database kit: many rows in one statement, many statements in one round trip, and threads for coroutines.

It imports Django, psycopg and `foundation.errors`, and no other part of the project. Start with `bulk` (reading and
writing many rows), then `pipeline` (statements that are sent together) and `executor` (how a coroutine runs a unit of
work in a database thread). `postgresql` is the Django backend, `pagination` the lists of REST.
"""
