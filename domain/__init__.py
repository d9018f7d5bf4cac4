"""The vocabulary of the shop: pure values and rules, no I/O, no clock, no randomness."""
