"""Measures this server side by side with others on the same work; `docs/performance.md` explains how to run it.

It may import `tests.harness`, and nothing of `faults` or the tests. Only `relay` and `read_probe`, which run inside a
server's settings, and `peers` import the applications. Start reading at `cases`, which says what is measured; `targets`
starts what is measured, `load_generator` runs the C program in `load/`, and `results` sums up.
"""
