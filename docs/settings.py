"""Writes the table of settings into the README: `make docs`."""

from pathlib import Path

from infra.settings import settings_table

README = Path(__file__).parent.parent / "README.md"
BEGIN = "<!-- settings: begin -->"
END = "<!-- settings: end -->"


def with_table(text: str) -> str:
    """The text with the table of all settings between its two markers."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{settings_table()}\n{END}{after}"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text()))
