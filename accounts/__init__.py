"""People who use Stoory: accounts, login sessions, access tokens, and finding people by name or address.

May import `foundation`, but no conversations or sockets: `stoory.wiring` passes its functions to `realtime`.
Start with `models`, then `services` (registering, logging in, ending sessions) and `tokens`.
"""
