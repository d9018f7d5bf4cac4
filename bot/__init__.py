"""Talks to customers and staff in Telegram: screens, conversations, and the shop's notices."""
