"""Staff decide about a stuck purchase, with the buttons of its alarm."""

from aiogram import Router
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message, User

from bot.buttons import Mend, MendRefund
from bot.phrasebook import Phrasebook
from bot.replies import Toast, turn_page
from bot.screens.alarm import repair_label
from bot.screens.cancelling import refund_repair_label
from bot.screens.screen import Screen
from bot.shop import Shop
from domain.errors import RefundRefused, RepairRefused, TemporalUnavailable, UnknownPurchase
from domain.ids import PurchaseId, RefundId
from domain.purchases import Repair
from domain.refund_orders import RefundVerdict

_ALERT_LENGTH = 200


def repairs_router() -> Router:
    """Repairs, in the staff's chat only."""
    router = Router(name="repairs")
    router.callback_query.register(repair, Mend.filter(), InStaffChat())
    router.callback_query.register(repair_refund, MendRefund.filter(), InStaffChat())
    router.callback_query.register(refuse_stranger, Mend.filter())
    router.callback_query.register(refuse_stranger, MendRefund.filter())
    return router


class InStaffChat(Filter):
    """Whether a button was tapped in the staff's chat: being in it is what makes one staff."""

    async def __call__(self, tap: CallbackQuery, shop: Shop) -> bool:
        """Compare the chat with the setting."""
        return tap.message is not None and tap.message.chat.id == shop.admin_chat_id


async def repair(tap: CallbackQuery, callback_data: Mend, shop: Shop, phrases: Phrasebook) -> Toast:
    """Pass the decision on to the purchase, and write under the alarm who took it."""
    decision = Repair(action=callback_data.action, actor=f"telegram:{tap.from_user.id}")
    try:
        await shop.starter.repair(PurchaseId(callback_data.purchase), decision)
    except RepairRefused as refusal:
        return _alert(phrases.label("repair.refused", reason=refusal))
    except UnknownPurchase:
        return _alert(phrases.label("repair.unknown"))
    except TemporalUnavailable:
        return _alert(phrases.label("repair.unavailable"))
    return await _note(tap, repair_label(phrases, callback_data.action), shop, phrases)


async def repair_refund(
    tap: CallbackQuery, callback_data: MendRefund, shop: Shop, phrases: Phrasebook
) -> Toast:
    """The same for a refund that was refused."""
    verdict = RefundVerdict(action=callback_data.action, actor=f"telegram:{tap.from_user.id}")
    try:
        await shop.starter.repair_refund(RefundId(callback_data.refund), verdict)
    except RefundRefused as refusal:
        return _alert(phrases.label("repair.refused", reason=refusal))
    except TemporalUnavailable:
        return _alert(phrases.label("repair.unavailable"))
    return await _note(tap, refund_repair_label(phrases, callback_data.action), shop, phrases)


async def _note(tap: CallbackQuery, label: str, shop: Shop, phrases: Phrasebook) -> Toast:
    """Write under the alarm who decided what."""
    done = phrases.say(
        "repair.done", action=label, who=_name(tap.from_user), when=phrases.moment(shop.now())
    )
    alarm = f"{tap.message.html_text}\n\n" if isinstance(tap.message, Message) else ""
    await turn_page(shop.messenger, tap, Screen(text=f"{alarm}{done}"))
    return Toast(text=label)


async def refuse_stranger(tap: CallbackQuery, phrases: Phrasebook) -> Toast:
    """A repair button outside the staff's chat was forged or forwarded."""
    return _alert(phrases.label("repair.not_staff"))


def _alert(text: str) -> Toast:
    return Toast(text=text[:_ALERT_LENGTH], alert=True)


def _name(user: User) -> str:
    return user.full_name if user.username is None else f"{user.full_name} (@{user.username})"
