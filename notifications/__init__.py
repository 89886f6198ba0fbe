"""Notifications: who is notified of what, and through which channel.

This package may import `deals` and everything below it; today it uses only `messaging`.
Start with `services`, then `receivers`, which call the services when a message is saved, read or erased.
"""
