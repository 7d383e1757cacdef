### Что проверяет, находит и советует `licensectl doctor`.
