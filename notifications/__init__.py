"""Notifications: who is notified of what, and through which channel.

May import `deals` and everything below it; today it needs `messaging` alone.
Start with `services`, then `receivers`, which call it when a message is saved, read or erased.
"""
