"""People who use Stoory: accounts, login sessions, access tokens, and finding people by name or address.

This package may import `foundation`, but not the packages of conversations and sockets: `stoory.wiring` passes its
functions to `realtime`. Start with `models`, then `services` (registering, logging in, ending sessions) and `tokens`.
"""
