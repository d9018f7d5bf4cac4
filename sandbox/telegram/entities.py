"""HTML into text and entities, by the rules and with the refusals of Telegram's own parser.

The grammar follows `parse_html` of tdlib: a short list of tags, four named HTML entities and
numeric ones, offsets of entities in UTF-16 code units, offsets of errors in UTF-8 bytes.
"""

import re
import sys
from dataclasses import dataclass, field

from sandbox.telegram.errors import bad_request
from sandbox.telegram.objects import Entity

_KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
_CHARACTER = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(lt|gt|amp|quot)(?![A-Za-z]));?")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_SURROGATES = range(0xD800, 0xE000)
_SPACE = " \t\r\n\0\v"
_NAME_TOKEN = re.compile(r"[A-Za-z0-9.\-]*")


def utf16_length(text: str) -> int:
    """Count UTF-16 code units, Telegram's measure of offsets."""
    return len(text.encode("utf-16-le")) // 2


@dataclass
class _OpenTag:
    name: str
    argument: str
    offset: int
    begin: int


@dataclass
class _Html:
    """One pass over the source; `text` and `entities` grow as it goes."""

    source: str
    at: int = 0
    parts: list[str] = field(default_factory=list)
    length: int = 0
    open_tags: list[_OpenTag] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)

    def read(self) -> tuple[str, tuple[Entity, ...]]:
        while self.at < len(self.source):
            if self.source[self.at] != "<":
                self._read_text()
            elif self.source.startswith("</", self.at):
                self._read_end_tag()
            else:
                self._read_start_tag()
        if self.open_tags:
            raise _unparsable(
                f'Can\'t find end tag corresponding to start tag "{self.open_tags[-1].name}"'
            )
        order = sorted(self.entities, key=lambda entity: (entity.offset, -entity.length))
        return "".join(self.parts), tuple(order)

    def _read_text(self) -> None:
        end = self.source.find("<", self.at)
        end = len(self.source) if end < 0 else end
        text = unescape(self.source[self.at : end])
        self.parts.append(text)
        self.length += utf16_length(text)
        self.at = end

    def _peek(self) -> str:
        """The character at hand; like the C string of the original, "" is the end."""
        return self.source[self.at : self.at + 1]

    def _skip_space(self) -> None:
        while self._peek() and self._peek() in _SPACE:
            self.at += 1

    def _bytes_before(self, at: int) -> int:
        return len(self.source[:at].encode())

    def _read_start_tag(self) -> None:
        begin = self._bytes_before(self.at)
        self.at += 1
        name = self._until(_SPACE + ">").lower()
        if not self._peek():
            raise _unparsable(f"Unclosed start tag at byte offset {begin}")
        if name not in _KINDS:
            raise _unparsable(f'Unsupported start tag "{name}" at byte offset {begin}')
        argument = self._read_attributes(name, begin)
        if name == "span" and argument != "spoiler":
            raise _unparsable(f'Tag "span" must have class "tg-spoiler" at byte offset {begin}')
        self.open_tags.append(_OpenTag(name, argument, self.length, len(self.parts)))
        self.at += 1

    def _until(self, stops: str) -> str:
        start = self.at
        while self._peek() and self._peek() not in stops:
            self.at += 1
        return self.source[start : self.at]

    def _read_attributes(self, tag: str, begin: int) -> str:
        argument = ""
        while True:
            self._skip_space()
            if self._peek() == ">":
                return argument
            name = self._until(_SPACE + "=>").lower()
            if not name:
                raise _unparsable(f'Empty attribute name in the tag "{tag}" at byte offset {begin}')
            self._skip_space()
            value = ""
            if self._peek() == "=":
                value = self._read_value(tag, begin)
            if not self._peek():
                raise _unparsable(f'Unclosed start tag "{tag}" at byte offset {begin}')
            argument = _argument(tag, name, value) or argument

    def _read_value(self, tag: str, begin: int) -> str:
        self.at += 1
        self._skip_space()
        if not self._peek():
            raise _unparsable(f'Unclosed start tag "{tag}" at byte offset {begin}')
        quote = self._peek()
        if quote in "'\"":
            self.at += 1
            value = unescape(self._until(quote))
            self.at += 1
            return value
        return self._read_name_token()

    def _read_name_token(self) -> str:
        begin = self.at
        token = _NAME_TOKEN.match(self.source, begin)
        self.at = token.end() if token else begin
        if self._peek() and self._peek() not in _SPACE + ">":
            raise _unparsable(
                f"Unexpected end of name token at byte offset {self._bytes_before(begin)}"
            )
        return self.source[begin : self.at].lower()

    def _read_end_tag(self) -> None:
        begin = self._bytes_before(self.at)
        if not self.open_tags:
            raise _unparsable(f"Unexpected end tag at byte offset {begin}")
        self.at += 2
        name = self._until(_SPACE + ">").lower()
        self._skip_space()
        if self._peek() != ">":
            raise _unparsable(f"Unclosed end tag at byte offset {begin}")
        tag = self.open_tags.pop()
        if name and name != tag.name:
            raise _unparsable(
                f'Unmatched end tag at byte offset {begin}, expected "</{tag.name}>", '
                f'found "</{name}>"'
            )
        self.at += 1
        self._close(tag)

    def _close(self, tag: _OpenTag) -> None:
        length = self.length - tag.offset
        if length == 0:
            return
        inner = "".join(self.parts[tag.begin :])
        entity = _entity(tag, length, inner)
        if entity is None:
            return
        if entity.type == "pre" and self.entities and _is_language_of(self.entities[-1], entity):
            entity = entity.model_copy(update={"language": self.entities.pop().language})
        self.entities.append(entity)


def _argument(tag: str, name: str, value: str) -> str:
    if (tag, name) in {("a", "href"), ("tg-emoji", "emoji-id")}:
        return value
    if (tag, name) == ("code", "class") and value.startswith("language-"):
        return value.removeprefix("language-")
    if (tag, name) == ("span", "class") and value.startswith("tg-"):
        return value.removeprefix("tg-")
    if (tag, name) == ("blockquote", "expandable"):
        return "expandable"
    return ""


def _entity(tag: _OpenTag, length: int, inner: str) -> Entity | None:
    entity = Entity(type=_KINDS[tag.name], offset=tag.offset, length=length)
    if tag.name == "a":
        url = tag.argument or inner
        if "." not in url and "://" not in url:
            return None  # the original drops a link that leads nowhere and keeps its text
        return entity.model_copy(update={"url": url if "://" in url else f"http://{url}/"})
    if tag.name == "code" and tag.argument:
        return entity.model_copy(update={"language": tag.argument})
    if tag.name == "tg-emoji":
        return entity.model_copy(update={"custom_emoji_id": tag.argument})
    if tag.argument == "expandable":
        return entity.model_copy(update={"type": "expandable_blockquote"})
    return entity


def _is_language_of(code: Entity, pre: Entity) -> bool:
    """Whether `<pre><code class="language-x">` meet: they become one entity."""
    same = (code.offset, code.length) == (pre.offset, pre.length)
    return code.type == "code" and same and code.language is not None


def unescape(text: str) -> str:
    """Replace the HTML entities Telegram knows; others stay as they are written."""
    if "&" not in text:
        return text
    return _CHARACTER.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    hexadecimal, decimal, name = match.groups()
    if name:
        return _NAMED[name]
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    is_character = 0 < code <= sys.maxunicode and code not in _SURROGATES
    return chr(code) if is_character else match.group()


def _unparsable(reason: str) -> Exception:
    return bad_request(f"can't parse entities: {reason}")


def parse_html(source: str) -> tuple[str, tuple[Entity, ...]]:
    """Split HTML into plain text and its entities.

    Raises:
        ApiError: 400 "can't parse entities: ..." in the original's words.
    """
    text, entities = _Html(source).read()
    # A language outside `pre` means nothing.
    return text, tuple(
        entity.model_copy(update={"language": None}) if entity.type == "code" else entity
        for entity in entities
    )
