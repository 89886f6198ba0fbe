"""The scenarios, by what fails."""

from faults.scenarios import backplane, processes

__all__ = ["backplane", "processes"]
