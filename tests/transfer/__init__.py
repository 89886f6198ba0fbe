"""Large files, slow clients and broken connections, with real servers."""
