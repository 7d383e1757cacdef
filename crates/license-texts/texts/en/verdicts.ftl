### What a feature comes to, and why: the verdict and its facts.
