from typing import Any, cast

import pytest
from aiogram import Bot
from aiogram.types import WebhookInfo

from workers.api_probes import TelegramWebhook, WebhookElsewhere

URL = "https://shop.example/webhook"


class TelegramSays:
    """A bot that knows one answer."""

    def __init__(self, **facts: Any) -> None:
        base = {"url": URL, "has_custom_certificate": False, "pending_update_count": 0}
        self.info = WebhookInfo.model_validate(base | facts)
        self.asked = 0

    async def get_webhook_info(self) -> WebhookInfo:
        self.asked += 1
        return self.info


async def test_the_updates_that_wait_are_told() -> None:
    says = TelegramSays(pending_update_count=3, last_error_message="Connection refused")
    news = await TelegramWebhook(cast(Bot, says), URL).ask()
    assert news == "3 updates wait; last error: Connection refused"


async def test_updates_that_go_elsewhere_are_a_fault() -> None:
    webhook = TelegramWebhook(cast(Bot, TelegramSays(url="https://old.example")), URL)
    with pytest.raises(WebhookElsewhere):
        await webhook.ask()


async def test_telegram_is_not_asked_at_every_look() -> None:
    says = TelegramSays()
    webhook = TelegramWebhook(cast(Bot, says), URL)
    for _ in range(5):
        await webhook.ask()
    assert says.asked == 1
