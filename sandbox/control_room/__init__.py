"""The control room: chat, outages, what is in flight, the clock and a guided tour on one page."""
