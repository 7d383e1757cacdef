### What `licensectl doctor` looks at, finds and advises.
