"""Injects faults into a running cluster and checks what the clients saw. Each scenario is one function; each module has
the scenarios of one kind of fault."""

from faults.scenarios import (
    database,
    embedded,
    hostile_clients,
    many_clients,
    money,
    network,
    no_faults,
    processes,
    random_faults,
    redis,
    revocation,
    slow_readers,
    tasks,
)

__all__ = [
    "database",
    "embedded",
    "hostile_clients",
    "many_clients",
    "money",
    "network",
    "no_faults",
    "processes",
    "random_faults",
    "redis",
    "revocation",
    "slow_readers",
    "tasks",
]
