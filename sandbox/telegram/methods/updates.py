"""Receiving updates: the webhook's settings and long polling."""

import re
from typing import Any
from urllib.parse import urlsplit

import pydantic_core

from sandbox.telegram.errors import bad_request, conflict
from sandbox.telegram.mailbox import Letter
from sandbox.telegram.methods.registry import Nested, Params, method
from sandbox.telegram.webhook import DEFAULT_CONNECTIONS, Webhook, WebhookInfo, WebhookReport
from sandbox.telegram.world import World

_SECRET = re.compile(r"[A-Za-z0-9_-]*")
_LONGEST_SECRET = 256
_LONGEST_POLL = 50
_MOST_UPDATES = 100


class SetWebhook(Params):
    """Parameters of setWebhook."""

    url: str = ""
    secret_token: str | None = None
    max_connections: int = DEFAULT_CONNECTIONS
    ip_address: str | None = None
    allowed_updates: Nested[tuple[str, ...] | None] = None
    drop_pending_updates: bool = False


class DeleteWebhook(Params):
    """Parameters of deleteWebhook."""

    drop_pending_updates: bool = False


class GetUpdates(Params):
    """Parameters of getUpdates."""

    offset: int = 0
    limit: int = _MOST_UPDATES
    timeout: int = 0
    allowed_updates: Nested[tuple[str, ...] | None] = None


@method("setWebhook")
def set_webhook(world: World, params: SetWebhook) -> bool:
    """Have updates posted to an address; an empty one takes the webhook away."""
    if not params.url:
        return delete_webhook(
            world, DeleteWebhook(drop_pending_updates=params.drop_pending_updates)
        )
    _check_address(params.url)
    _check_secret(params.secret_token or "")
    _settle(world, params.allowed_updates, drop=params.drop_pending_updates)
    world.webhook = Webhook(
        url=params.url,
        secret_token=params.secret_token or None,
        max_connections=min(max(params.max_connections, 1), 100),
        ip_address=params.ip_address,
    )
    world.webhook_report = WebhookReport()
    world.mailbox.changes.bump()
    return True


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
        world.mailbox.allowed = allowed


@method("deleteWebhook")
def delete_webhook(world: World, params: DeleteWebhook) -> bool:
    """Stop posting updates; they wait."""
    _settle(world, None, drop=params.drop_pending_updates)
    world.webhook = None
    world.mailbox.changes.bump()
    return True


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
    _refuse_beside_webhook(world)
    if params.allowed_updates is not None:
        world.mailbox.allowed = params.allowed_updates
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
        _refuse_beside_webhook(world)
        pending = mailbox.pending()
    return pending[:limit]


def _refuse_beside_webhook(world: World) -> None:
    if world.webhook is not None:
        raise conflict(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete "
            "the webhook first"
        )
