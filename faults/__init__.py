"""The fault harness, modeled on Jepsen: it injects faults into a cluster of real processes under a workload, records
a history of what the clients see, and checks it. `docs/reliability.md` explains how to run it.

The harness may import `tests.harness`, but not `benchmarks` or the tests. Only `shell` imports the applications,
because it runs with the settings of a server. Start reading at `scenarios`, then `run` (what a scenario can use),
`workload`, and `checker.properties` (what must hold). `runner` connects them.
"""
