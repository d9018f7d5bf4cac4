"""A YooKassa that runs on loopback and behaves as its API v3 is documented to behave.

It is a process of its own that knows nothing of the shop: no code is shared and no SDK imported,
so a bug on one side cannot hide one on the other. What it holds, it holds in memory.

`conformance.md` says what it promises and which test holds it to it; `deviations.md` says what is
our invention, where the documentation leaves a choice, and what is not played.
"""
