"""Shared by the tests, the fault harness and the benchmarks: people, ports, processes, servers, databases, and the
programs of this machine. It imports nothing from these three."""
