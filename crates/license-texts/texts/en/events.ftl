### What the events in the journal mean: `journalctl -x`.
