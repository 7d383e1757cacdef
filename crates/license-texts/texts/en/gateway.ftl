### What the gateway says to MikoPBX.
