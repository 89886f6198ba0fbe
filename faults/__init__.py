"""The fault harness: real server processes, databases and networks that fail on purpose, clients that write down
everything they see, and a checker that judges what was written. `docs/reliability.md` tells how to run it.

It stands outside of the application: nothing of it is imported here.
"""
