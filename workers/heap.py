"""Keeps the garbage collector from walking over what never goes away."""

import gc


def spare_what_stays() -> None:
    """Take everything that the start has made out of the collector's rounds.

    aiogram's and pydantic's classes are hundreds of thousands of objects; a full round over them
    stops the process for a fifth of a second, in the middle of somebody's tap.
    """
    gc.collect()
    gc.freeze()
