"""HTML becomes text and entities, or is refused in Telegram's words."""

import pytest

ANNA = 1001


async def sent(bot, html):
    return await bot("sendMessage", chat_id=ANNA, text=html, parse_mode="HTML")


@pytest.mark.parametrize(
    ("html", "text", "entities"),
    [
        ("<b>a</b>b", "ab", [("bold", 0, 1)]),
        ("<i>a</i><em>b</em>", "ab", [("italic", 0, 1), ("italic", 1, 1)]),
        ("<u>a</u><s>b</s>", "ab", [("underline", 0, 1), ("strikethrough", 1, 1)]),
        ("<B>a</b>", "a", [("bold", 0, 1)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("😀<code>x</code>", "😀x", [("code", 2, 1)]),
        ("<tg-spoiler>a</tg-spoiler>", "a", [("spoiler", 0, 1)]),
        ('<span class="tg-spoiler">a</span>', "a", [("spoiler", 0, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", 0, 1)]),
        ("a &lt;b&gt; &amp; &quot;c&quot; &#33; &#x21;", 'a <b> & "c" ! !', []),
        ("&nbsp;&copy; stay", "&nbsp;&copy; stay", []),
        ("  <b> a </b>  ", "a", [("bold", 0, 1)]),
        ("<b></b>a", "a", []),
    ],
)
async def test_html_becomes_text_and_entities(bot, telegram, html, text, entities):
    message = await sent(bot, html)
    found = [(e["type"], e["offset"], e["length"]) for e in message.get("entities", [])]
    assert (message["text"], found) == (text, entities)


async def test_a_link_carries_its_address(bot, telegram):
    message = await sent(bot, '<a href="https://example.com/?a=1&amp;b=2">shop</a>')
    (link,) = message["entities"]
    assert link["type"] == "text_link"
    assert link["url"] == "https://example.com/?a=1&b=2"


async def test_code_inside_pre_gives_its_language(bot, telegram):
    message = await sent(bot, '<pre><code class="language-ini">[Peer]</code></pre>')
    assert message["entities"] == [{"type": "pre", "offset": 0, "length": 6, "language": "ini"}]


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<p>a</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("я<br>", 'Unsupported start tag "br" at byte offset 2'),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("2 < 3", 'Unsupported start tag "" at byte offset 2'),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a =x>a</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=x/y>a</a>", "Unexpected end of name token at byte offset 8"),
        ("<b>a</b", "Unclosed end tag at byte offset 4"),
    ],
)
async def test_what_does_not_parse_is_refused_with_the_place(bot, telegram, html, reason):
    with pytest.raises(bot.refusal) as refused:
        await sent(bot, html)
    assert str(refused.value) == f"400 Bad Request: can't parse entities: {reason}"


async def test_commands_addresses_and_mentions_are_found_in_plain_text(bot, telegram):
    message = await bot(
        "sendMessage", chat_id=ANNA, text="/help https://a.example/x, a@b.example @anna_k #vpn"
    )
    kinds = [each["type"] for each in message["entities"]]
    assert kinds == ["bot_command", "url", "email", "mention", "hashtag"]


async def test_nothing_is_looked_for_inside_code(bot, telegram):
    message = await sent(bot, "<code>https://a.example/x</code>")
    assert [each["type"] for each in message["entities"]] == ["code"]


async def test_an_unknown_parse_mode_is_refused(bot, telegram):
    with pytest.raises(bot.refusal, match="unsupported parse_mode"):
        await bot("sendMessage", chat_id=ANNA, text="x", parse_mode="Wiki")
