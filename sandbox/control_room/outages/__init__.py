"""What can be broken on purpose, each with its cure and its present state."""
