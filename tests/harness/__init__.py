"""What the tests, the fault harness and the benchmarks share: people, ports, processes, servers and databases, and
what this machine has to run them. Nothing here imports from those three."""
