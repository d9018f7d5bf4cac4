"""What the payment page says, in Russian and English."""

from collections.abc import Mapping
from types import MappingProxyType

from sandbox.yookassa.payments import Locale

_RUSSIAN = {
    "lang": "ru",
    "title": "Оплата",
    "sandbox": "Песочница: деньги не списываются",
    "to_pay": "К оплате",
    "for": "За что",
    "order": "Заказ",
    "number": "Номер карты",
    "expiry": "Срок, ММ/ГГ",
    "csc": "CVC",
    "pay": "Оплатить",
    "later": "Заплатить позже",
    "back": "Вернуться в магазин",
    "test_cards_title": "Тестовые карты",
    "test_cards_hint": "Нажатие платит выбранной картой.",
    "saves": "Карта будет сохранена для следующих платежей.",
    "3ds_title": "Подтверждение 3-D Secure",
    "3ds_hint": "Банк просит код из СМС. Подойдёт любой.",
    "3ds_code": "Код",
    "3ds_confirm": "Подтвердить",
    "3ds_refuse": "Отказаться",
    "paid_title": "Оплачено",
    "paid_text": "Магазин уже узнаёт об этом.",
    "held_title": "Деньги удержаны",
    "held_text": "Магазин спишет их или вернёт.",
    "canceled_title": "Платёж не прошёл",
    "canceled_text": "Причина: {reason}.",
    "pending_title": "Платёж обрабатывается",
    "pending_text": "Магазин узнает, чем он закончится.",
    "unknown_title": "Такого платежа нет",
    "unknown_text": "Вернитесь в магазин и начните заново.",
    "try_again": "Попробуйте другую карту.",
    "error.number": "Нужна одна из тестовых карт.",
    "error.expiry": "Срок действия — месяц и год в будущем, например 12/30.",
    "error.csc": "CVC — три цифры.",
    "card.paid": "Оплачено",
    "card.paid_after_3ds": "Оплачено после 3-D Secure",
    "card.paid_then_declined": "Оплачено, но автоплатёж будет отклонён",
    "card.declined": "Отклонено: {reason}",
    "reason.3d_secure_failed": "не пройден 3-D Secure",
    "reason.call_issuer": "банк отклонил, нужно ему позвонить",
    "reason.canceled_by_merchant": "магазин отменил платёж",
    "reason.card_expired": "истёк срок карты",
    "reason.country_forbidden": "карта из этой страны не принимается",
    "reason.expired_on_capture": "магазин не списал деньги вовремя",
    "reason.expired_on_confirmation": "истекло время на оплату",
    "reason.fraud_suspected": "подозрение в мошенничестве",
    "reason.general_decline": "банк не назвал причину",
    "reason.insufficient_funds": "не хватает денег",
    "reason.internal_timeout": "технические неполадки",
    "reason.invalid_card_number": "неверный номер карты",
    "reason.invalid_csc": "неверный CVC",
    "reason.issuer_unavailable": "банк недоступен",
    "reason.payment_method_limit_exceeded": "превышен лимит карты",
    "reason.payment_method_restricted": "операции по карте запрещены",
    "reason.permission_revoked": "разрешение на автоплатежи отозвано",
}

_ENGLISH = {
    "lang": "en",
    "title": "Payment",
    "sandbox": "Sandbox: no money is taken",
    "to_pay": "To pay",
    "for": "What for",
    "order": "Order",
    "number": "Card number",
    "expiry": "Expiry, MM/YY",
    "csc": "CVC",
    "pay": "Pay",
    "later": "Pay later",
    "back": "Back to the shop",
    "test_cards_title": "Test cards",
    "test_cards_hint": "A click pays with that card.",
    "saves": "The card will be saved for later payments.",
    "3ds_title": "3-D Secure",
    "3ds_hint": "The bank asks for a code it sent you. Any will do.",
    "3ds_code": "Code",
    "3ds_confirm": "Confirm",
    "3ds_refuse": "Refuse",
    "paid_title": "Paid",
    "paid_text": "The shop is being told.",
    "held_title": "The money is held",
    "held_text": "The shop will take it or give it back.",
    "canceled_title": "The payment did not go through",
    "canceled_text": "The reason: {reason}.",
    "pending_title": "The payment is being processed",
    "pending_text": "The shop will learn how it ends.",
    "unknown_title": "There is no such payment",
    "unknown_text": "Go back to the shop and start again.",
    "try_again": "Try another card.",
    "error.number": "Use one of the test cards.",
    "error.expiry": "Expiry is a month and a year in the future, such as 12/30.",
    "error.csc": "CVC is three digits.",
    "card.paid": "Paid",
    "card.paid_after_3ds": "Paid after 3-D Secure",
    "card.paid_then_declined": "Paid, but autopayments will be declined",
    "card.declined": "Declined: {reason}",
    "reason.3d_secure_failed": "3-D Secure failed",
    "reason.call_issuer": "the bank wants a call",
    "reason.canceled_by_merchant": "the shop cancelled the payment",
    "reason.card_expired": "the card has expired",
    "reason.country_forbidden": "cards of this country are not accepted",
    "reason.expired_on_capture": "the shop did not take the money in time",
    "reason.expired_on_confirmation": "the time to pay is over",
    "reason.fraud_suspected": "suspected fraud",
    "reason.general_decline": "the bank gave no reason",
    "reason.insufficient_funds": "insufficient funds",
    "reason.internal_timeout": "technical trouble",
    "reason.invalid_card_number": "wrong card number",
    "reason.invalid_csc": "wrong CVC",
    "reason.issuer_unavailable": "the bank cannot be reached",
    "reason.payment_method_limit_exceeded": "the card's limit is exceeded",
    "reason.payment_method_restricted": "the card is restricted",
    "reason.permission_revoked": "the permission for autopayments was revoked",
}

TEXTS: Mapping[Locale, Mapping[str, str]] = MappingProxyType(
    {Locale.RUSSIAN: MappingProxyType(_RUSSIAN), Locale.ENGLISH: MappingProxyType(_ENGLISH)}
)
"""Every text by locale and key."""


def reason_in_words(locale: Locale, reason: str) -> str:
    """A cancellation reason as people say it; the code itself where there are no words."""
    return TEXTS[locale].get(f"reason.{reason}", reason)


def scenario_in_words(locale: Locale, scenario: str) -> str:
    """What a test card leads to."""
    texts = TEXTS[locale]
    if f"card.{scenario}" in texts:
        return texts[f"card.{scenario}"]
    return texts["card.declined"].format(reason=reason_in_words(locale, scenario))
