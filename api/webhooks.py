"""The two doors that others knock at: Telegram's updates and YooKassa's notifications.

Both senders repeat what is not answered with 200. So 200 means "done" and 503 means "say it
again"; nothing is queued here, and nothing is lost when this process dies.
"""

import asyncio
import hmac
import json
from typing import Annotated, Any, Literal
from uuid import UUID

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, ValidationError

from api.metrics import Outcome, Source
from api.parts import DEFAULT_TELEGRAM_PATH, ApiParts, PartsDep
from api.problems import Kind, Refusal, answer, documented
from api.senders import is_within, sender_of
from domain.ids import ProviderPaymentId, PurchaseId
from domain.model import Value
from domain.purchases import PurchaseStage

YOOKASSA_PATH = "/api/v1/payments/webhook"

TELEGRAM_PATIENCE_SECONDS = 30.0
"""Telegram itself gives up after 60 s and sends the update again."""

YOOKASSA_PATIENCE_SECONDS = 10.0

_DEEPEST_NESTING = 64
"""Far deeper than any update or notification, and far from what Python can write out again."""

_ENDS = frozenset({PurchaseStage.DONE, PurchaseStage.REFUNDED})
"""Stages at which nothing is expected of a payment that is not known."""

_log = structlog.get_logger(__name__)


def webhook_router(telegram_path: str) -> APIRouter:
    """The routes of both doors; Telegram's also at the path that it was told."""
    router = APIRouter(tags=["webhooks"])
    telegram_errors = documented(Kind.MALFORMED_JSON, Kind.UNAUTHENTICATED, Kind.SHOP_AWAY)
    for path in dict.fromkeys((DEFAULT_TELEGRAM_PATH, telegram_path)):
        router.post(
            path,
            summary="An update from Telegram",
            response_class=Response,
            responses=telegram_errors,
            include_in_schema=path == DEFAULT_TELEGRAM_PATH,
        )(telegram_update)
    router.post(
        YOOKASSA_PATH,
        summary="A notification from YooKassa",
        response_class=Response,
        responses=documented(Kind.MALFORMED_JSON, Kind.FORBIDDEN, Kind.SHOP_AWAY),
    )(yookassa_notification)
    # Or GET would be taken for the payment called "webhook".
    router.get(YOOKASSA_PATH, include_in_schema=False)(notifications_are_posted)
    return router


async def telegram_update(request: Request, parts: PartsDep) -> Response:
    """Answers 200 when the update is handled, so that one chat's updates stay in order."""
    _check_telegram_secret(request, parts)
    update = await _json_object(request)
    outcome = await _feed(update, parts)
    parts.metrics.note_webhook(Source.TELEGRAM, outcome)
    return answer(Kind.SHOP_AWAY) if outcome is Outcome.POSTPONED else Response()


async def yookassa_notification(request: Request, parts: PartsDep) -> Response:
    """Answers an empty 200 when the purchase's workflow knows; it then asks YooKassa itself."""
    sender = _yookassa_sender(request, parts)
    body = await _json_object(request)
    outcome = await _receive_bounded(body, sender, parts)
    parts.metrics.note_webhook(Source.YOOKASSA, outcome)
    return answer(Kind.SHOP_AWAY) if outcome is Outcome.POSTPONED else Response()


async def notifications_are_posted() -> None:
    """Answers 405."""
    raise Refusal(Kind.METHOD_NOT_ALLOWED)


Identifier = Annotated[str, Field(pattern="^[!-~]{1,64}$")]
"""Printable ASCII: what YooKassa's names and ids are made of, and what PostgreSQL can hold."""


class NotifiedObject(Value):
    """The payment or refund that a notification is about."""

    id: Identifier
    payment_id: Identifier | None = None
    """Only on refunds: the payment that was given back."""
    metadata: dict[str, Any] | None = None
    """What we attached to the payment. A hint: only YooKassa's GET decides."""

    @property
    def paid_as(self) -> ProviderPaymentId:
        """The payment in question."""
        return ProviderPaymentId(self.payment_id or self.id)

    @property
    def hinted_purchase(self) -> PurchaseId | None:
        """Our purchase, if the metadata is as we wrote it."""
        try:
            return PurchaseId(UUID(str((self.metadata or {}).get("purchase_id"))))
        except ValueError:
            return None


class Notification(BaseModel):
    """A notification as https://yookassa.ru/developers/using-api/webhooks describes it."""

    type: Literal["notification"]
    event: Identifier
    object: NotifiedObject


def _check_telegram_secret(request: Request, parts: ApiParts) -> None:
    secret = parts.options.telegram_secret
    if secret is None:
        raise Refusal(Kind.NOT_FOUND, "updates are fetched by long polling")
    # As bytes: comparing texts in constant time fails on letters outside ASCII.
    given = request.headers.get("x-telegram-bot-api-secret-token", "").encode()
    if not hmac.compare_digest(given, secret.get_secret_value().encode()):
        raise Refusal(Kind.UNAUTHENTICATED, "the secret token is not ours")


async def _feed(update: dict[str, Any], parts: ApiParts) -> Outcome:
    try:
        async with asyncio.timeout(TELEGRAM_PATIENCE_SECONDS):
            await parts.feed_update(update)
    except parts.outages as error:
        _log.warning("telegram.update_postponed", error=type(error).__name__)
        return Outcome.POSTPONED
    # The bot's own error handler has spoken; a repeat would meet the same bug and keep the
    # customer's next updates waiting behind this one.
    except Exception:  # noqa: BLE001  # see above
        _log.exception("telegram.update_failed", update_id=update.get("update_id"))
        return Outcome.FAILED
    return Outcome.HANDLED


def _yookassa_sender(request: Request, parts: ApiParts) -> str:
    sender = sender_of(request.scope, parts.options.trusted_proxies)
    if sender is None or not is_within(sender, parts.options.yookassa_networks):
        _log.warning("yookassa.notification_from_a_stranger", sender=str(sender))
        raise Refusal(Kind.FORBIDDEN, "notifications are taken from YooKassa's networks only")
    return str(sender)


async def _receive_bounded(body: dict[str, Any], sender: str, parts: ApiParts) -> Outcome:
    notification = _parsed(body)
    try:
        async with asyncio.timeout(YOOKASSA_PATIENCE_SECONDS):
            return await _receive(notification, body, sender, parts)
    except parts.outages as error:
        _log.warning("yookassa.notification_postponed", error=type(error).__name__)
        return Outcome.POSTPONED


async def _receive(
    notification: Notification, body: dict[str, Any], sender: str, parts: ApiParts
) -> Outcome:
    """Store once, signal, tick off: dying in between costs one repeat by YooKassa."""
    event, subject = notification.event, notification.object
    if await parts.inbox.store_notification(event, subject.id, body, sender, parts.clock()):
        return Outcome.REPEATED
    if not await _signal(subject, parts):
        _log.warning(
            "yookassa.notification_without_a_purchase", provider_event=event, object_id=subject.id
        )
        return Outcome.UNKNOWN
    await parts.inbox.notification_handled(event, subject.id, parts.clock())
    return Outcome.HANDLED


async def _signal(subject: NotifiedObject, parts: ApiParts) -> bool:
    """Make the workflow look at the payment; False when no purchase of ours has it.

    The metadata serves a notification that overtakes the answer to our own request. It does not
    start a finished purchase again: all payments of such a one are known.
    """
    known = await parts.inbox.purchase_for(subject.paid_as)
    purchase_id = known or subject.hinted_purchase
    record = await parts.purchases.find(purchase_id) if purchase_id else None
    if record is None or (known is None and record.stage in _ENDS):
        return False
    structlog.contextvars.bind_contextvars(purchase_id=str(purchase_id))
    await parts.starter.payment_seen(record.order.for_attempt(record.attempt), subject.paid_as)
    return True


def _parsed(body: dict[str, Any]) -> Notification:
    try:
        return Notification.model_validate(body)
    except ValidationError:
        raise Refusal(Kind.MALFORMED_JSON, "not a notification of YooKassa") from None


async def _json_object(request: Request) -> dict[str, Any]:
    try:
        document = json.loads(await request.body(), parse_constant=_refuse_constant)
    # RecursionError: what nests deeper than the parser can follow.
    except (ValueError, RecursionError):
        raise Refusal(Kind.MALFORMED_JSON, "not JSON") from None
    if not isinstance(document, dict) or not _nests_within(document, _DEEPEST_NESTING):
        raise Refusal(Kind.MALFORMED_JSON, "not a JSON object, or nested absurdly")
    return document


def _nests_within(document: Any, levels: int) -> bool:
    """Whether it has at most so many levels of objects and arrays; never looks deeper."""
    if not isinstance(document, dict | list):
        return True
    inside = document.values() if isinstance(document, dict) else document
    return levels > 0 and all(_nests_within(part, levels - 1) for part in inside)


def _refuse_constant(name: str) -> None:
    """NaN and Infinity are Python's own idea of JSON; PostgreSQL's `jsonb` refuses them."""
    raise ValueError(name)
