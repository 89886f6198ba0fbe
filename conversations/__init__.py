"""Conversations, their participants, and the flows that guide them.

This package may import `accounts`, `realtime` and `foundation`, but not `messaging` or `deals`. `flows` imports only
`foundation` and uses no tables. It contains the definitions of flows, the engine that decides, and the checks of flows.

Start with `models`, then `locking` (every write begins there), `opening` and `selectors`. For flows, start with
`flows/definitions.py` and `flows/engine.py`. Other packages add members to conversation payloads through `rendering`.
"""
