"""My data: what there is, how to have it, and how to have it gone."""

from datetime import datetime
from uuid import UUID

from aiogram.types import InlineKeyboardButton

from bot.buttons import Forget, Place, back_to_menu, opens
from bot.phrasebook import N_, Phrasebook
from bot.screens.screen import Screen
from domain.privacy import ErasureStage
from domain.subscriptions import Subscription

_OUTCOMES = {
    ErasureStage.UNDER_WAY: N_("privacy.under_way"),
    ErasureStage.ERASED: N_("privacy.erased"),
    ErasureStage.REFUSED: N_("privacy.refused"),
}


def privacy_screen(phrases: Phrasebook) -> Screen:
    """What the shop keeps, and the two things that a customer may ask."""
    export = (opens(phrases.label("button.export"), Place.EXPORT),)
    erase = (opens(phrases.label("button.erase"), Place.ERASURE),)
    return Screen(
        text=phrases.say("privacy.what_we_keep"), rows=(export, erase, back_to_menu(phrases))
    )


def erasure_question_screen(
    phrases: Phrasebook, subscription: Subscription | None, now: datetime, erasure_id: UUID
) -> Screen:
    """What goes, what stays, and what is lost with it; only then the button."""
    paragraphs = [phrases.say("privacy.erase"), phrases.say("privacy.what_stays")]
    if subscription is not None and subscription.gives_access(now):
        left = phrases.duration(subscription.expires_at - now)
        end = phrases.moment(subscription.expires_at)
        paragraphs.insert(1, phrases.say("privacy.access_is_lost", end=end, left=left))
    sure = InlineKeyboardButton(
        text=phrases.label("button.erase_now"),
        callback_data=Forget(erasure=erasure_id).pack(),
        style="danger",
    )
    keep = opens(phrases.label("button.keep_data"), Place.PRIVACY)
    return Screen(text="\n\n".join(paragraphs), rows=((keep,), (sure,)))


def erasure_screen(phrases: Phrasebook, stage: ErasureStage) -> Screen:
    """How far the erasure is; after it there is nobody to offer anything to."""
    rows = (back_to_menu(phrases),) if stage is ErasureStage.REFUSED else ()
    return Screen(text=phrases.say(_OUTCOMES[stage]), rows=rows)
