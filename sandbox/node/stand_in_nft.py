#!/usr/bin/python3 -IS
"""A stand-in for nft(8) where none may be run: its tables are rows in a file.

    stand_in_nft.py STATE_FILE -f FILE
    stand_in_nft.py STATE_FILE list table FAMILY NAME

It knows as much of nftables as limits on addresses need, and repeats its manners: a file is carried
out as a whole or not at all, to add what is there is no error, and to delete what is missing, or in
use, is one. No packet is ever counted.
"""

from __future__ import annotations

import fcntl
import json
import re
import sys
from pathlib import Path
from typing import Any

LINE = re.compile(
    r"(?P<verb>add|delete) (?P<what>table|map|chain|rule|limit|element) (?P<table>inet [\w.-]+)"
    r"(?: (?P<name>[\w.-]+))?(?: (?P<rest>.+))?"
)
PARTS = ("map", "chain", "limit")


def fail(line: str, why: str) -> None:
    """Say why not, as nft does: with the line, and with an exit code."""
    sys.exit(f"Error: Could not process rule: {why}\n{line}")


def change_table(tables: dict[str, Any], verb: str, table: str, line: str) -> None:
    """`add table T`, `delete table T`."""
    if verb == "add":
        tables.setdefault(table, {"map": {}, "chain": {}, "limit": {}})
    elif tables.pop(table, None) is None:
        fail(line, "No such file or directory")


def change_part(table: dict[str, Any], words: dict[str, str], line: str) -> None:
    """A map, chain or limit; those that are there stay as they were."""
    parts = table[words["what"]]
    if words["verb"] == "add":
        parts.setdefault(words["name"], [] if words["what"] == "chain" else words["rest"])
        if words["what"] == "map":
            table.setdefault("elements", {}).setdefault(words["name"], {})
        return
    users = [one for each in table.get("elements", {}).values() for one in each.values()]
    if words["name"] in users:
        fail(line, "Device or resource busy")
    if parts.pop(words["name"], None) is None:
        fail(line, "No such file or directory")


def change_element(table: dict[str, Any], words: dict[str, str], line: str) -> None:
    """`add element T MAP { KEY : "LIMIT" }`, `delete element T MAP { KEY }`."""
    elements = table.get("elements", {}).get(words["name"])
    key, _, value = (part.strip(' {}"') for part in words["rest"].partition(" : "))
    if elements is None or (words["verb"] == "delete" and key not in elements):
        fail(line, "No such file or directory")
    elif words["verb"] == "delete":
        del elements[key]
    elif value not in table["limit"]:
        fail(line, "No such file or directory")
    elif elements.setdefault(key, value) != value:
        fail(line, "File exists")


def carry_out(tables: dict[str, Any], text: str) -> None:
    """Each line in turn; the caller forgets all of it where one fails."""
    for line in filter(None, text.splitlines()):
        found = LINE.fullmatch(line)
        if found is None:
            sys.exit(f"Error: syntax error, unexpected {line!r}")
        words = {name: value or "" for name, value in found.groupdict().items()}
        table = tables.get(words["table"])
        if words["what"] == "table":
            change_table(tables, words["verb"], words["table"], line)
        elif table is None:
            fail(line, "No such file or directory")
        elif words["what"] in PARTS:
            change_part(table, words, line)
        elif words["what"] == "element":
            change_element(table, words, line)
        else:
            table["chain"][words["name"]].append(words["rest"])


def shown(table: dict[str, Any]) -> str:
    """What `list table` prints, less what nobody reads here."""
    limits = [f"limit {name} {rate}" for name, rate in table["limit"].items()]
    elements = [
        f'map {name} {{ {key} : "{value}" }}'
        for name, each in table.get("elements", {}).items()
        for key, value in each.items()
    ]
    rules = [rule for chain in table["chain"].values() for rule in chain]
    return "\n".join([*limits, *elements, *rules, ""])


def main(state_file: Path, *words: str) -> None:
    """Run one command on the tables in the file, alone."""
    with state_file.open("a+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        tables = json.loads(file.read() or "{}")
        if words[0] == "-f":
            carry_out(tables, Path(words[1]).read_text(encoding="ascii"))
            file.truncate(0)
            file.write(json.dumps(tables))
        elif words[:2] == ("list", "table") and " ".join(words[2:]) in tables:
            sys.stdout.write(shown(tables[" ".join(words[2:])]))
        else:
            sys.exit("Error: No such file or directory")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
