"""The composition root: settings, URLs, ASGI application, pages and commands. It holds no domain logic.

This package may import everything. `wiring` connects the packages: it passes functions of higher packages to lower
packages. Start with `settings`, `urls`, `asgi` and `wiring`.
"""
