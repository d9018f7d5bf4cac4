"""The outside world: the only place that knows PostgreSQL, YooKassa, SSH and Telegram."""
