"""The alarm for staff: what happened, and what each button does."""

from aiogram.types import InlineKeyboardButton

from bot.buttons import Mend
from bot.phrasebook import N_, Phrasebook
from bot.screens.screen import Screen
from domain.purchases import Alarm, RepairAction, StuckReason

_DETAIL_LENGTH = 600
_REASONS = {
    StuckReason.MISMATCH: N_("alarm.mismatch"),
    StuckReason.SERVER: N_("alarm.server"),
    StuckReason.CAPACITY: N_("alarm.capacity"),
    StuckReason.REFUND: N_("alarm.refund"),
}
_LABELS = {
    RepairAction.RETRY: N_("repair.retry"),
    RepairAction.OTHER_SERVER: N_("repair.other_server"),
    RepairAction.REFUND: N_("repair.refund"),
}
_EXPLANATIONS = {
    RepairAction.RETRY: N_("repair.retry.explained"),
    RepairAction.OTHER_SERVER: N_("repair.other_server.explained"),
    RepairAction.REFUND: N_("repair.refund.explained"),
}


def alarm_screen(phrases: Phrasebook, alarm: Alarm) -> Screen:
    """The alarm, with a button for each repair that makes sense."""
    text = phrases.say(
        "alarm.text",
        purchase=alarm.purchase_id,
        customer=alarm.user_id,
        reason=phrases.label(_REASONS[alarm.reason]),
        detail=alarm.detail[:_DETAIL_LENGTH],
    )
    explanations = "\n".join(phrases.say(_EXPLANATIONS[action]) for action in alarm.repairs)
    buttons = tuple(_button(phrases, alarm, action) for action in alarm.repairs)
    return Screen(text=f"{text}\n\n{explanations}".rstrip(), rows=(buttons,) if buttons else ())


def repair_label(phrases: Phrasebook, action: RepairAction) -> str:
    """What a repair is called on its button."""
    return phrases.label(_LABELS[action])


def _button(phrases: Phrasebook, alarm: Alarm, action: RepairAction) -> InlineKeyboardButton:
    return InlineKeyboardButton(
        text=repair_label(phrases, action),
        callback_data=Mend(action=action, purchase=alarm.purchase_id).pack(),
        style="danger" if action is RepairAction.REFUND else None,
    )
