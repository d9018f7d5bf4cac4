"""A WireGuard client small enough to greet a server without root: see `probe`."""
