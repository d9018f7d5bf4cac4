"""Benchmarks of the whole shop on one machine; `python -m bench`, with the method in docs."""
