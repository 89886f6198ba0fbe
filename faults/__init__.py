"""The fault harness, in the manner of Jepsen: it breaks a cluster of real processes under a workload, records a history
of what clients see, and checks it. `docs/reliability.md` explains how to run it.

It may import `tests.harness`, nothing of `benchmarks` or the tests, and none of the applications except in `shell`,
which runs with the settings of a server. Start reading at `scenarios`, then `run` (what a scenario has at hand),
`workload` and `checker.properties` (what has to hold); `runner` puts them together.
"""
