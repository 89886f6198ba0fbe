"""Databases and Redis keys that exist for the duration of a test, on servers that are already running."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql


def maintenance_url(url: str) -> str:
    """Return the URL of the server's maintenance database, used to create and drop other databases."""
    return named(url, "postgres")


def named(url: str, name: str) -> str:
    """Return the URL of the database with this name on the same server."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def create(url: str) -> None:
    _on_server(url, "CREATE DATABASE {}")


def drop(url: str) -> None:
    """Drop a database if it exists, and disconnect its clients."""
    _on_server(url, "DROP DATABASE IF EXISTS {} WITH (FORCE)")


def _on_server(url: str, command: LiteralString) -> None:
    name = urlsplit(url).path.lstrip("/")
    with psycopg.connect(maintenance_url(url), autocommit=True) as connection:
        connection.execute(sql.SQL(command).format(sql.Identifier(name)))


@contextmanager
def temporary(server: str, name: str) -> Iterator[str]:
    """Create a database and yield its URL; drop the database at the end."""
    url = named(server, name)
    create(url)
    try:
        yield url
    finally:
        drop(url)


def delete_keys(redis_url: str, prefix: str) -> None:
    """Delete the keys with this prefix."""
    with redis.Redis.from_url(redis_url) as client:
        for key in client.scan_iter(f"{prefix}*"):
            client.delete(key)
