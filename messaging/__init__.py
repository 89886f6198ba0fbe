"""Messages, read marks, uploads, and the conversation list of each participant. Knows no deals.

May import `conversations`, `accounts`, `realtime` and `foundation`.
Start with `models`, then `sending` (the path of a message), `editing`, `read_marks` and `history`. `message_api` and
`conversation_api` are the REST endpoints, `socket_commands` the commands; `uploads` holds files.
"""
