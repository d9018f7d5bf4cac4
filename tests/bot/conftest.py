"""A shop in memory, and Anna with her phone."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot
from structlog.testing import capture_logs
from structlog.types import EventDict

from bot.dispatcher import build_dispatcher
from bot.shop import Shop
from domain.ids import ChatId
from infra.settings import TelegramMode, TelegramSettings
from infra.telegram import TelegramMessenger, open_bot
from sandbox.telegram.client import TelegramSandbox
from sandbox.telegram.server import running
from tests.bot import fakes
from tests.bot.phone import Phone, RecordedTelegram

TOKEN = "123456:sandbox-token"
STAFF = ChatId(-100500)


@dataclass
class Stage:
    """Everything that a test of a conversation arranges and looks at."""

    telegram: RecordedTelegram = field(default_factory=RecordedTelegram)
    customers: fakes.Customers = field(default_factory=fakes.Customers)
    plans: fakes.Plans = field(default_factory=fakes.Plans)
    offers: fakes.Offers = field(default_factory=fakes.Offers)
    purchases: fakes.Purchases = field(default_factory=fakes.Purchases)
    gifts: fakes.Gifts = field(init=False)
    referrals: fakes.Referrals = field(default_factory=fakes.Referrals)
    subscriptions: fakes.Subscriptions = field(default_factory=fakes.Subscriptions)
    auto_renewals: fakes.AutoRenewals = field(default_factory=fakes.AutoRenewals)
    refunds: fakes.Refunds = field(default_factory=fakes.Refunds)
    changes: fakes.Changes = field(default_factory=fakes.Changes)
    devices: fakes.Devices = field(default_factory=fakes.Devices)
    inbox: fakes.Inbox = field(default_factory=fakes.Inbox)
    sessions: fakes.Sessions = field(default_factory=fakes.Sessions)
    starter: fakes.Starter = field(default_factory=fakes.Starter)
    charges: fakes.Charges = field(default_factory=fakes.Charges)
    trials: fakes.Trials = field(default_factory=fakes.Trials)
    personal_data: fakes.PersonalData = field(default_factory=fakes.PersonalData)

    def __post_init__(self) -> None:
        self.gifts = fakes.Gifts(self.purchases)

    def shop(self, messenger: TelegramMessenger, **choices: Any) -> Shop:
        plain = Shop(
            messenger=messenger,
            customers=self.customers,
            plans=self.plans,
            offers=self.offers,
            purchases=self.purchases,
            gifts=self.gifts,
            referrals=self.referrals,
            subscriptions=self.subscriptions,
            auto_renewals=self.auto_renewals,
            refunds=self.refunds,
            changes=self.changes,
            devices=self.devices,
            inbox=self.inbox,
            sessions=self.sessions,
            starter=self.starter,
            charges=self.charges,
            personal_data=self.personal_data,
            trials=self.trials,
            now=lambda: fakes.NOW,
            support_contact="@shop_support",
            admin_chat_id=STAFF,
        )
        return replace(plain, **choices)

    def phone(self, *, shop: dict[str, Any] | None = None, **person: Any) -> Phone:
        bot = Bot("42:token", session=self.telegram)
        dispatcher = build_dispatcher(self.shop(TelegramMessenger(bot), **(shop or {})))
        return Phone(self.telegram, dispatcher, **person)


@pytest.fixture(autouse=True)
def log() -> Iterator[list[EventDict]]:
    """What was logged; autouse, because structlog's own rendering of tracebacks takes seconds."""
    with capture_logs() as events:
        yield events


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def anna(stage: Stage) -> Phone:
    return stage.phone()


# The sandbox's Telegram, over HTTP


@pytest.fixture(scope="session")
async def telegram_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    data: Path = tmp_path_factory.mktemp("telegram")
    async with running(TOKEN, data) as url:
        yield url


@pytest.fixture
async def telegram(telegram_url: str) -> AsyncIterator[TelegramSandbox]:
    async with TelegramSandbox(telegram_url) as client:
        await client.reset()
        yield client


def open_bot_at(url: str) -> Bot:
    return open_bot(TelegramSettings(bot_token=TOKEN, api_url=url, mode=TelegramMode.POLLING))


@pytest.fixture(scope="session")
async def bot(telegram_url: str) -> AsyncIterator[Bot]:
    bot = open_bot_at(telegram_url)
    yield bot
    await bot.session.close()


@pytest.fixture
def messenger(bot: Bot, telegram: TelegramSandbox) -> TelegramMessenger:
    """The shop's own way into Telegram, in a world where nobody is known yet."""
    return TelegramMessenger(bot)
