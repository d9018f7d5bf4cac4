"""What is shown: pure functions from facts to a text and its buttons."""
