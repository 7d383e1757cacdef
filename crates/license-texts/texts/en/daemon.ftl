### What the daemon says of itself, and what comes of commands.
