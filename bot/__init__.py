"""Talks to customers and staff in Telegram."""
