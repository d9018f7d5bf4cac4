"""The judges' shop written with python-telegram-bot."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from telegram import (
    BotCommand,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    LabeledPrice,
    ReactionTypeEmoji,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    Update,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError
from telegram.ext import (
    Application,
    CallbackContext,
    CallbackQueryHandler,
    CommandHandler,
    MessageHandler,
    PreCheckoutQueryHandler,
    filters,
)
from telegram.request import HTTPXRequest

from tests.sandbox.telegram.judges.story import CONFIG, PRICE, SECRET, STAFF, TOKEN

Shop = Application[Any, Any, Any, Any, Any, Any]
Context = CallbackContext[Any, Any, Any, Any]


def build_shop(base_url: str, png: bytes) -> Shop:
    """The bot, not yet started."""
    request = HTTPXRequest(httpx_kwargs={"trust_env": False})
    polling = HTTPXRequest(httpx_kwargs={"trust_env": False})
    builder = Application.builder().token(TOKEN).request(request).get_updates_request(polling)
    shop = builder.base_url(f"{base_url}/bot").base_file_url(f"{base_url}/file/bot").build()
    shop.bot_data["png"] = png
    for command, handler in (
        ("start", greet), ("menu", show_menu), ("manuals", send_manuals), ("stars", bill),
        ("soldout", bill), ("refund", refund), ("tell", tell), ("whoami", who_am_i),
        ("close", close_topic),
    ):  # fmt: skip
        shop.add_handler(CommandHandler(command, handler))
    shop.add_handler(CallbackQueryHandler(explain, "^about$"))
    shop.add_handler(CallbackQueryHandler(sell, "^buy:30$"))
    shop.add_handler(PreCheckoutQueryHandler(check_out))
    shop.add_handler(MessageHandler(filters.SUCCESSFUL_PAYMENT, thank))
    shop.add_handler(MessageHandler(filters.Document.ALL, read_aloud))
    private = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE
    shop.add_handler(MessageHandler(private & filters.Text(["My VPN"]), answer_menu))
    shop.add_handler(MessageHandler(private & filters.Regex("^help"), ask_staff))
    shop.add_handler(MessageHandler(private & filters.Text(["hmm"]), think))
    shop.add_handler(MessageHandler(private & filters.Text(["thanks"]), react))
    shop.add_handler(MessageHandler(filters.Chat(STAFF) & filters.TEXT, answer_customer))
    return shop


async def greet(update: Update, context: Context) -> None:
    """`/start`, perhaps with a deep link's payload."""
    buttons = [
        [InlineKeyboardButton("Buy", callback_data="buy:30")],
        [InlineKeyboardButton("How it works", callback_data="about")],
        [InlineKeyboardButton("Copy", copy_text=CopyTextButton("key-1"))],
    ]
    await update.effective_message.reply_text(
        f"<b>Hello</b>, {' '.join(context.args)}",
        parse_mode=ParseMode.HTML,
        reply_markup=InlineKeyboardMarkup(buttons),
    )


async def explain(update: Update, _: Context) -> None:
    """An alert."""
    await update.callback_query.answer("A tunnel to another country", show_alert=True)


async def sell(update: Update, context: Context) -> None:
    """A toast, an edit, a file and a photo."""
    query = update.callback_query
    await query.answer("A moment")
    await query.edit_message_text("Here it is")
    await context.bot.send_chat_action(query.message.chat.id, ChatAction.UPLOAD_DOCUMENT)
    await context.bot.send_document(query.message.chat.id, CONFIG, filename="vpn.conf")
    await context.bot.send_photo(
        query.message.chat.id,
        context.bot_data["png"],
        caption="<i>Scan me</i>",
        parse_mode=ParseMode.HTML,
    )


async def show_menu(update: Update, _: Context) -> None:
    """A reply keyboard."""
    keyboard = ReplyKeyboardMarkup([["My VPN", "Help"]], resize_keyboard=True)
    await update.effective_message.reply_text("Menu", reply_markup=keyboard)


async def answer_menu(update: Update, _: Context) -> None:
    """Answer, and take the keyboard away."""
    await update.effective_message.reply_text("No VPN yet", reply_markup=ReplyKeyboardRemove())


async def send_manuals(update: Update, _: Context) -> None:
    """An album of two files."""
    manuals = [
        InputMediaDocument(b"for phones", filename="phone.txt"),
        InputMediaDocument(b"for desktops", filename="desktop.txt", caption="Manuals"),
    ]
    await update.effective_message.reply_media_group(manuals)


async def bill(update: Update, _: Context) -> None:
    """`/stars` and `/soldout`: an invoice in Stars, named for its command."""
    await update.effective_message.reply_invoice(
        "30 days", "VPN for 30 days", update.effective_message.text[1:], "XTR",
        [LabeledPrice("30 days", PRICE)],
    )  # fmt: skip


async def check_out(update: Update, _: Context) -> None:
    """The last question before money moves."""
    query = update.pre_checkout_query
    if query.invoice_payload == "soldout":
        await query.answer(ok=False, error_message="Sold out")
    else:
        await query.answer(ok=True)


async def thank(update: Update, _: Context) -> None:
    """A payment arrived."""
    paid = update.effective_message.successful_payment
    await update.effective_message.reply_text(
        f"Paid {paid.total_amount} {paid.currency}: {paid.telegram_payment_charge_id}"
    )


async def refund(update: Update, context: Context) -> None:
    """`/refund CHARGE`."""
    try:
        await context.bot.refund_star_payment(update.effective_user.id, context.args[0])
    except BadRequest as error:
        await update.effective_message.reply_text(f"bad request: {error.message}")
    else:
        await update.effective_message.reply_text("Refunded")


async def tell(update: Update, context: Context) -> None:
    """`/tell USER TEXT`: how it went is read from the error's type."""
    try:
        await context.bot.send_message(int(context.args[0]), " ".join(context.args[1:]))
        outcome = "told"
    except RetryAfter as error:
        outcome = f"wait {error.retry_after} s"
    except Forbidden as error:
        outcome = f"forbidden: {error.message.removeprefix('Forbidden: ')}"
    except BadRequest as error:
        outcome = f"bad request: {error.message}"
    except TelegramError as error:
        outcome = f"error: {error.message}"
    await update.effective_message.reply_text(outcome.lower())


async def who_am_i(update: Update, context: Context) -> None:
    """The bot's standing among the staff."""
    group = await context.bot.get_chat(STAFF)
    me = await context.bot.get_chat_member(STAFF, context.bot.id)
    await update.effective_message.reply_text(f"{me.status} in {group.title}")


async def read_aloud(update: Update, _: Context) -> None:
    """Download what a customer sent."""
    file = await update.effective_message.document.get_file()
    content = await file.download_as_bytearray()
    await update.effective_message.reply_text(f"It says: {content.decode()}")


async def ask_staff(update: Update, context: Context) -> None:
    """Copy a customer's words into their topic, opening it first."""
    message, user = update.effective_message, update.effective_user
    topics = context.bot_data.setdefault("topics", {})
    if user.id not in topics:
        topic = await context.bot.create_forum_topic(STAFF, user.first_name)
        topics[user.id] = topic.message_thread_id
    await message.copy(STAFF, message_thread_id=topics[user.id])


async def answer_customer(update: Update, context: Context) -> None:
    """Copy staff's words to the topic's customer."""
    message = update.effective_message
    for user_id, thread_id in context.bot_data.get("topics", {}).items():
        if thread_id == message.message_thread_id:
            await message.copy(user_id)


async def close_topic(update: Update, context: Context) -> None:
    """`/close` in a topic."""
    await context.bot.close_forum_topic(STAFF, update.effective_message.message_thread_id)


async def think(update: Update, _: Context) -> None:
    """Nothing but an action."""
    await update.effective_chat.send_action(ChatAction.TYPING)


async def react(update: Update, _: Context) -> None:
    """A reaction."""
    await update.effective_message.set_reaction(ReactionTypeEmoji("❤"))


@asynccontextmanager
async def started(base_url: str, png: bytes) -> AsyncIterator[Shop]:
    """The shop, initialised and known by its commands."""
    shop = build_shop(base_url, png)
    async with shop:
        await shop.bot.set_my_commands([BotCommand("menu", "What there is")])
        await shop.start()
        yield shop
        await shop.stop()


@asynccontextmanager
async def polling(base_url: str, png: bytes) -> AsyncIterator[None]:
    """The shop asks for its updates."""
    async with started(base_url, png) as shop:
        await shop.updater.start_polling(timeout=10, bootstrap_retries=0)
        yield
        await shop.updater.stop()


@asynccontextmanager
async def by_webhook(base_url: str, png: bytes) -> AsyncIterator[None]:
    """The shop is sent its updates, and answers when each is handled."""
    async with started(base_url, png) as shop:

        async def receive(request: web.Request) -> web.Response:
            if request.headers.get("X-Telegram-Bot-Api-Secret-Token") != SECRET:
                return web.Response(status=401)
            await shop.process_update(Update.de_json(await request.json(), shop.bot))
            return web.Response()

        app = web.Application()
        app.router.add_post("/ptb", receive)
        server = TestServer(app)
        await server.start_server()
        await shop.bot.set_webhook(str(server.make_url("/ptb")), secret_token=SECRET)
        yield
        await shop.bot.delete_webhook()
        await server.close()
