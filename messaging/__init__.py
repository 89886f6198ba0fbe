"""Messages, read marks, uploads, and the conversation list of each participant; nothing about deals.

This package may import `conversations`, `accounts`, `realtime` and `foundation`.
Start with `models`, then `sending` (the path of a message), `editing`, `read_marks` and `history`. `message_api` and
`conversation_api` are the REST endpoints, `socket_commands` the socket commands; `uploads` handles files.
"""
