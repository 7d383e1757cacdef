### What `licensectl` itself says around the answers of the daemon.
