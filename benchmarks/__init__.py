"""Measures this server and its peers with the same work. `docs/performance.md` explains how to run it.

The benchmarks may import `tests.harness`, but not `faults` or the tests. Only `relay` and `read_probe` import the
applications, because they run with the settings of a server. Start reading at `cases`, which lists what is measured.
`targets` starts the servers, `load_generator` runs the C program in `load/`, and `results` summarizes the rounds.
"""
