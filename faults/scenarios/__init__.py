"""Injects faults into a running cluster, and checks what clients have seen. Each scenario is one function; the modules
sort them by what fails."""

from faults.scenarios import (
    database,
    embedded,
    hostile_clients,
    many_clients,
    network,
    no_faults,
    processes,
    random_faults,
    redis,
    revocation,
    slow_readers,
)

__all__ = [
    "database",
    "embedded",
    "hostile_clients",
    "many_clients",
    "network",
    "no_faults",
    "processes",
    "random_faults",
    "redis",
    "revocation",
    "slow_readers",
]
