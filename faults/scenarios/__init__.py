"""Plays what can fail, and has what was seen judged. Each scenario is one function, by what it fails."""

from faults.scenarios import (
    backplane,
    crowds,
    database,
    embedded,
    hostile,
    mixed,
    network,
    pace,
    processes,
    readers,
    rights,
)

__all__ = [
    "backplane",
    "crowds",
    "database",
    "embedded",
    "hostile",
    "mixed",
    "network",
    "pace",
    "processes",
    "readers",
    "rights",
]
