"""What the bot says about itself."""

import pytest

BUY = {"command": "buy", "description": "Buy a VPN"}
KUPIT = {"command": "buy", "description": "Купить VPN"}


async def test_commands_are_kept_by_language_and_scope(bot):
    await bot("setMyCommands", commands=[BUY])
    await bot("setMyCommands", commands=[KUPIT], language_code="ru")
    assert await bot("getMyCommands") == [BUY]
    assert await bot("getMyCommands", language_code="ru") == [KUPIT]
    assert await bot("getMyCommands", scope={"type": "all_private_chats"}) == []
    await bot("deleteMyCommands", language_code="ru")
    assert await bot("getMyCommands", language_code="ru") == []


async def test_a_customer_sees_the_menu_of_their_language(bot, telegram):
    await bot("setMyCommands", commands=[BUY])
    await bot("setMyCommands", commands=[KUPIT], language_code="ru")
    assert (await telegram.chat(1001)).commands[0].description == "Купить VPN"
    await bot("deleteMyCommands", language_code="ru")


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ({"command": "Buy!", "description": "x"}, "BOT_COMMAND_INVALID"),
        ({"command": "buy", "description": ""}, "BOT_COMMAND_DESCRIPTION_INVALID"),
        ({"command": "buy", "description": "x" * 257}, "BOT_COMMAND_DESCRIPTION_INVALID"),
    ],
)
async def test_a_malformed_command_is_refused(bot, command, reason):
    with pytest.raises(bot.refusal, match=reason):
        await bot("setMyCommands", commands=[command])


async def test_a_list_has_100_commands_at_most(bot):
    commands = [{"command": f"c{number}", "description": "x"} for number in range(101)]
    with pytest.raises(bot.refusal, match="BOT_COMMANDS_TOO_MUCH"):
        await bot("setMyCommands", commands=commands)


async def test_names_and_descriptions_are_kept_by_language(bot):
    await bot("setMyName", name="Магазин", language_code="ru")
    assert (await bot("getMyName", language_code="ru"))["name"] == "Магазин"
    await bot("setMyDescription", description="WireGuard")
    assert (await bot("getMyDescription", language_code="en"))["description"] == "WireGuard"
    await bot("setMyShortDescription", short_description="VPN")
    assert (await bot("getMyShortDescription"))["short_description"] == "VPN"
    with pytest.raises(bot.refusal, match="BOT_TITLE_INVALID"):
        await bot("setMyName", name="x" * 65)


async def test_the_menu_button_is_kept(bot):
    assert (await bot("getChatMenuButton"))["type"] == "commands"
    assert await bot("setChatMenuButton", menu_button={"type": "default"}) is True
    assert (await bot("getChatMenuButton"))["type"] == "default"
