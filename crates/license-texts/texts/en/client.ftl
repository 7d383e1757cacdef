### What a client says that cannot reach or understand the daemon.
