"""Acts: a class for each outside system, a method for each step."""
