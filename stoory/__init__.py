"""The composition root: settings, URLs, ASGI application, pages and commands. It holds no domain logic.

May import everything. `wiring` connects the packages: it hands functions of the upper ones to the lower ones.
Start with `settings`, `urls`, `asgi` and `wiring`.
"""
