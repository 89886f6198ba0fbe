"""Conversations, their participants, and the flows that lead them. Knows neither messages nor deals.

May import `accounts`, `realtime` and `foundation`. `flows` imports `foundation` alone and knows no table: it holds the
definitions of flows, the engine that decides, and the checks that prove a flow.
Start with `models`, then `locking` (every write begins there), `opening` and `selectors`; for flows with
`flows/definitions.py`, then `flows/engine.py`. Other packages add to a conversation's payload through `rendering`.
"""
