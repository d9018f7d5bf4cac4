"""Turning a bare Debian or Ubuntu machine into a VPN server of the shop's, as its root."""
