"""Messages, read marks, uploads, and the lines of the conversation list.

May import `conversations`, `accounts`, `realtime` and `foundation`. Knows no deals.
Start reading at `models`, then `sending` (the path of a message) and `services` (editing, deleting, reading).
`api` and `conversation_api` are the REST endpoints, `socket_commands` the commands; `uploads/` holds files.
"""
