"""The Temporal server: connection, encryption, and starting and signalling workflows."""
