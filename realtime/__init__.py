"""Durable rooms over Socket.IO, for any product: this package knows of rooms, events and user ids, and of nothing
that a product means by them."""
