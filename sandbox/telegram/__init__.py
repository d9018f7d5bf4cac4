"""A Telegram that runs on loopback: the public Bot API, a chat page and a control room.

It speaks the protocol and imports neither a bot library nor the shop, so that one bug cannot
hide another. Wherever it knowingly differs from the original, `deviations.md` says so.
"""
