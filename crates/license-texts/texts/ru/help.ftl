### Справка `licensectl`.
