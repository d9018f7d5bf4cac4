"""HTTP: webhooks of Telegram and YooKassa, the public API, health."""
