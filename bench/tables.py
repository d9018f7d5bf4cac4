"""Tables that read well in a terminal and in Markdown alike."""

import sys
from collections.abc import Sequence

Row = Sequence[str]


def say(text: str = "") -> None:
    """Write a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def show(title: str, columns: Row, rows: Sequence[Row]) -> None:
    """Write a table under its title."""
    widths = [max(len(cell) for cell in cells) for cells in zip(columns, *rows, strict=True)]
    say(f"\n### {title}\n")
    say(_line(columns, widths))
    say("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    for row in rows:
        say(_line(row, widths))


def _line(cells: Row, widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"
