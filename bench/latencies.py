"""How long things took: percentiles of what was measured, without smoothing."""

import math
from collections.abc import Sequence
from typing import NamedTuple


class Latencies(NamedTuple):
    """A summary of durations, in milliseconds."""

    samples: int
    p50: float
    p95: float
    p99: float
    slowest: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latencies":
        """Summarise durations in seconds. Raises `ValueError` when there are none."""
        if not seconds:
            raise ValueError("nothing was measured")
        ordered = sorted(seconds)
        p50, p95, p99 = (1000 * _percentile(ordered, share) for share in (0.50, 0.95, 0.99))
        return cls(len(ordered), p50, p95, p99, 1000 * ordered[-1])

    def cells(self) -> list[str]:
        """The summary as cells of a table with `COLUMNS`."""
        return [str(self.samples), *(f"{value:.0f}" if value >= 100 else f"{value:.1f}"
                                   for value in self[1:])]  # fmt: skip


COLUMNS = ("samples", "p50 ms", "p95 ms", "p99 ms", "max ms")


def _percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed (nearest rank)."""
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]
