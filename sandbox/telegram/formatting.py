"""A text as a message carries it: parsed, trimmed, measured, with links and commands found."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from sandbox.telegram.entities import parse_html, utf16_length
from sandbox.telegram.errors import bad_request
from sandbox.telegram.objects import Entity

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
"""Both in characters, after the entities are parsed."""

_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"]+[^\s<>\".,!?;:)])"
    r"|(?P<email>[\w.+-]+@[\w-]+\.[\w.-]*\w)"
    r"|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?)(?![\w/])"
    r"|(?<!\w)(?P<mention>@[A-Za-z]\w{3,31})"
    r"|(?<!\w)(?P<hashtag>#\w*[^\W\d]\w*)"
)


class FormattedText(NamedTuple):
    """Plain text and its entities."""

    text: str
    entities: tuple[Entity, ...]

    @property
    def entities_or_none(self) -> tuple[Entity, ...] | None:
        """The entities as a message carries them: absent rather than empty."""
        return self.entities or None


def format_text(
    source: str, parse_mode: str | None = None, entities: tuple[Entity, ...] | None = None
) -> FormattedText:
    """Read a text parameter.

    Raises:
        ApiError: 400 for an unknown parse mode or unparsable entities.
    """
    text, given = source, entities or ()
    if parse_mode and parse_mode.lower() == "html":
        text, given = parse_html(source)
    elif parse_mode:
        # The shop writes HTML; the Markdown modes are not played here (see deviations.md).
        raise bad_request("unsupported parse_mode")
    text, given = _trimmed(text, given)
    return FormattedText(text, _with_found(text, given))


def message_text(
    source: str, parse_mode: str | None = None, entities: tuple[Entity, ...] | None = None
) -> FormattedText:
    """Read the text of a new message, with its limits."""
    formatted = format_text(source, parse_mode, entities)
    if not formatted.text:
        raise bad_request("message text is empty")
    if len(formatted.text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return formatted


def caption_text(
    source: str | None, parse_mode: str | None, entities: tuple[Entity, ...] | None = None
) -> FormattedText:
    """Read a caption, with its limit; none is an empty one."""
    formatted = format_text(source or "", parse_mode, entities)
    if len(formatted.text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    return formatted


def _trimmed(text: str, entities: Iterable[Entity]) -> tuple[str, tuple[Entity, ...]]:
    kept = text.rstrip()
    shift = utf16_length(kept) - utf16_length(kept.lstrip())
    kept = kept.lstrip()
    end = utf16_length(kept)
    moved = []
    for entity in entities:
        start = max(0, entity.offset - shift)
        stop = min(end, entity.offset + entity.length - shift)
        if stop > start:
            moved.append(entity.model_copy(update={"offset": start, "length": stop - start}))
    return kept, tuple(moved)


def _with_found(text: str, given: tuple[Entity, ...]) -> tuple[Entity, ...]:
    found = []
    for match in _FOUND.finditer(text):
        offset = utf16_length(text[: match.start()])
        entity = Entity(
            type=str(match.lastgroup), offset=offset, length=utf16_length(match.group())
        )
        if not any(_overlaps(entity, other) for other in given if _is_closed(other)):
            found.append(entity)
    both = [*given, *found]
    return tuple(sorted(both, key=lambda entity: (entity.offset, -entity.length)))


def _is_closed(entity: Entity) -> bool:
    """Nothing is looked for inside code and links."""
    return entity.type in {"code", "pre", "text_link", "url"}


def _overlaps(one: Entity, other: Entity) -> bool:
    return one.offset < other.offset + other.length and other.offset < one.offset + one.length
