"""Decides: one durable workflow a file."""
