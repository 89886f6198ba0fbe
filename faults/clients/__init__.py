"""Clients of the cluster, which record what they see: over REST and sockets, the official one, and hostile ones."""
