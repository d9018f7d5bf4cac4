"""The embedded default: Telegram, YooKassa, a VPN node and servers on loopback."""
