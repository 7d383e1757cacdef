### The help of `licensectl`.
