"""Databases and keys that exist as long as a test, on servers that run anyway."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql


def maintenance_url(url: str) -> str:
    """The same server's own database: the one to be connected to while others are created and dropped."""
    return named(url, "postgres")


def named(url: str, name: str) -> str:
    """The database of this name on the same server."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def create(url: str) -> None:
    _on_server(url, "CREATE DATABASE {}")


def drop(url: str) -> None:
    """Drop a database if it exists, with whoever is connected to it."""
    _on_server(url, "DROP DATABASE IF EXISTS {} WITH (FORCE)")


def _on_server(url: str, command: LiteralString) -> None:
    name = urlsplit(url).path.lstrip("/")
    with psycopg.connect(maintenance_url(url), autocommit=True) as connection:
        connection.execute(sql.SQL(command).format(sql.Identifier(name)))


@contextmanager
def temporary(server: str, name: str) -> Iterator[str]:
    """The address of a new database, which is dropped at the end."""
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
