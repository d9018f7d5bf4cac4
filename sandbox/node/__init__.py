"""A VPN node on loopback: the server-side program behind a real SSH server."""
