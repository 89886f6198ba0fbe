"""Clients of the cluster: REST, sockets, the official client, and raw connections for attacks."""
