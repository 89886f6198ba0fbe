"""Conversations, their participants, and the flows that lead them. Knows neither messages nor deals.

May import `accounts`, `realtime` and `foundation`. `conversations.flows` imports `foundation` alone and knows no table:
it holds the definitions of flows, the engine that decides, and the checks that prove a flow.
Start reading at `models`, then `services`; for flows at `flows/definitions.py`, then `flows/engine.py`.
Other packages add members to a conversation's payload through `rendering.register_part`.
"""
