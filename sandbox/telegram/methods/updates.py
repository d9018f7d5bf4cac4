"""Receiving updates: the webhook's settings and long polling."""

import re
from typing import Any
from urllib.parse import urlsplit

import pydantic_core

from sandbox.telegram.errors import bad_request, conflict
from sandbox.telegram.mailbox import Letter
from sandbox.telegram.methods.registry import Flag, Nested, Params, method
from sandbox.telegram.objects import UpdateKind
from sandbox.telegram.webhook import DEFAULT_CONNECTIONS, Webhook, WebhookInfo, WebhookReport
from sandbox.telegram.wire import Remarked
from sandbox.telegram.world import World

_SECRET = re.compile(r"[A-Za-z0-9_-]*")
_LONGEST_SECRET = 256
_LONGEST_POLL = 50
_MOST_UPDATES = 100
_KINDS = {
    *UpdateKind,
    "channel_post", "edited_channel_post", "inline_query", "chosen_inline_result",
    "shipping_query", "poll", "poll_answer", "chat_member", "chat_join_request", "chat_boost",
    "removed_chat_boost", "message_reaction", "message_reaction_count", "business_connection",
    "business_message", "edited_business_message", "deleted_business_messages",
    "purchased_paid_media", "subscription",
}  # fmt: skip
"""Kinds a bot may ask for; most never come from here."""


class SetWebhook(Params):
    """Parameters of setWebhook."""

    url: str = ""
    secret_token: str | None = None
    max_connections: int = DEFAULT_CONNECTIONS
    ip_address: str | None = None
    allowed_updates: Nested[tuple[str, ...] | None] = None
    drop_pending_updates: Flag = False


class DeleteWebhook(Params):
    """Parameters of deleteWebhook."""

    drop_pending_updates: Flag = False


class GetUpdates(Params):
    """Parameters of getUpdates."""

    offset: int = 0
    limit: int = _MOST_UPDATES
    timeout: int = 0
    allowed_updates: Nested[tuple[str, ...] | None] = None


@method("setWebhook")
def set_webhook(world: World, params: SetWebhook) -> Remarked:
    """Have updates posted to an address; an empty one takes the webhook away."""
    if not params.url:
        return delete_webhook(
            world, DeleteWebhook(drop_pending_updates=params.drop_pending_updates)
        )
    _check_address(params.url)
    _check_secret(params.secret_token or "")
    _settle(world, params.allowed_updates, drop=params.drop_pending_updates)
    webhook = Webhook(
        url=params.url,
        secret_token=params.secret_token or None,
        max_connections=min(max(params.max_connections, 1), 100),
        ip_address=params.ip_address,
    )
    if webhook == world.webhook and not params.drop_pending_updates:
        return Remarked(result=True, description="Webhook is already set")
    world.webhook = webhook
    world.webhook_report = WebhookReport()
    world.mailbox.changes.bump()
    return Remarked(result=True, description="Webhook was set")


def _check_address(url: str) -> None:
    address = urlsplit(url)
    # The original demands HTTPS on four ports; on loopback this sandbox takes HTTP on any.
    if address.scheme not in {"http", "https"}:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if not address.hostname:
        raise bad_request("bad webhook: Host must be specified")


def _check_secret(secret: str) -> None:
    if len(secret) > _LONGEST_SECRET:
        raise bad_request("secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")


def _settle(world: World, allowed: tuple[str, ...] | None, *, drop: bool) -> None:
    if drop:
        world.mailbox.clear()
    if allowed is not None:
        # A list without one known kind means the default, and so does an empty one.
        kinds = tuple(kind.lower() for kind in allowed)
        world.mailbox.allowed = kinds if any(kind in _KINDS for kind in kinds) else ()


@method("deleteWebhook")
def delete_webhook(world: World, params: DeleteWebhook) -> Remarked:
    """Stop posting updates; they wait."""
    _settle(world, None, drop=params.drop_pending_updates)
    was_set = world.webhook is not None
    world.webhook = None
    world.mailbox.changes.bump()
    how = "was" if was_set else "is already"
    return Remarked(result=True, description=f"Webhook {how} deleted")


@method("getWebhookInfo")
def get_webhook_info(world: World, params: Params) -> WebhookInfo:
    """Where updates go, how many wait and what failed last."""
    hook, report = world.webhook, world.webhook_report
    failed_at = report.last_error_at if hook else None
    return WebhookInfo(
        url=hook.url if hook else "",
        pending_update_count=len(world.mailbox.pending()),
        ip_address=hook.ip_address if hook else None,
        last_error_date=int(failed_at.timestamp()) if failed_at else None,
        last_error_message=report.last_error if failed_at else None,
        max_connections=hook.max_connections if hook else None,
        allowed_updates=world.mailbox.allowed or None,
    )


@method("getUpdates")
async def get_updates(world: World, params: GetUpdates) -> list[Any]:
    """Wait for updates and give them; an offset confirms those before it."""
    if world.webhook is not None:
        raise conflict(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete "
            "the webhook first"
        )
    _settle(world, params.allowed_updates, drop=False)
    if params.offset:
        world.mailbox.confirm_before(params.offset)
    turn = world.next_poll()
    wait = min(max(params.timeout, 0), _LONGEST_POLL)
    letters = await _letters(world, turn, wait, min(max(params.limit, 1), _MOST_UPDATES))
    return [pydantic_core.from_json(letter.body) for letter in letters]


async def _letters(world: World, turn: int, wait: float, limit: int) -> list[Letter]:
    mailbox = world.mailbox
    version = mailbox.changes.version
    pending = mailbox.pending()
    if not pending and wait:
        await mailbox.changes.after(version, wait)
        if world.poll_turn != turn:
            raise conflict(
                "terminated by other getUpdates request; make sure that only one bot instance "
                "is running"
            )
        if world.webhook is not None:
            raise conflict("terminated by setWebhook request")
        pending = mailbox.pending()
    return pending[:limit]
