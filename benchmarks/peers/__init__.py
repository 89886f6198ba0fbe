"""The peers: other servers that do the same work, each written as its own documentation recommends."""
