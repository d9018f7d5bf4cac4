"""What the customer sees, and a Telegram that is away."""

from domain.notices import Delivery
from domain.purchases import PurchaseStage
from tests.workflows.shop import Shop, an_order

STORY = [
    PurchaseStage.AWAITING_PAYMENT,
    PurchaseStage.PAID,
    PurchaseStage.SETTING_UP,
    PurchaseStage.DELAYED,
    PurchaseStage.STUCK,
    PurchaseStage.REFUNDING,
    PurchaseStage.REFUNDED,
]


async def test_the_message_never_goes_back_in_time(shop: Shop) -> None:
    shop.peers.take_down("nl1")
    await shop.buy()
    await shop.reaches(PurchaseStage.STUCK)
    await shop.journal.until("alarm")

    shown = [STORY.index(notice.stage) for notice in shop.journal.all_of("shown")]
    assert shown == sorted(shown)


async def test_the_page_is_offered_only_while_it_is_open(shop: Shop) -> None:
    order = await shop.begin()
    await shop.decline(order)
    await shop.rests(order)

    offers = {notice.stage for notice in shop.journal.all_of("shown") if notice.confirmation_url}
    assert offers == {PurchaseStage.AWAITING_PAYMENT}


async def test_a_telegram_that_is_away_does_not_delay_the_set_up(shop: Shop) -> None:
    order = await shop.begin()
    shop.notices.take_down()
    await shop.pay(order)

    assert await shop.journal.until("peer_held") == "nl1"

    shop.notices.bring_back()
    assert await shop.rests(order) is PurchaseStage.DONE


async def test_stages_that_were_overtaken_are_not_shown_afterwards(shop: Shop) -> None:
    shop.peers.take_down("nl1")
    order = await shop.begin()
    await shop.journal.until("shown")
    shop.notices.take_down()
    await shop.pay(order)
    await shop.reaches(PurchaseStage.STUCK)

    shop.notices.bring_back()

    await shop.journal.until("alarm")
    while shop.journal.all_of("shown")[-1].stage is not PurchaseStage.STUCK:
        await shop.journal.until("shown", times=len(shop.journal.all_of("shown")) + 1)
    shown = {notice.stage for notice in shop.journal.all_of("shown")}
    assert PurchaseStage.DELAYED not in shown


async def test_ready_is_said_with_the_configuration_and_not_before(shop: Shop) -> None:
    order = await shop.buy()
    await shop.rests(order)

    assert PurchaseStage.DONE not in {notice.stage for notice in shop.journal.all_of("shown")}
    names = [what for what, _ in shop.journal.notes]
    assert names.index("delivered") > max(
        position for position, name in enumerate(names) if name == "shown"
    )


async def test_a_customer_who_blocked_the_bot_is_done_and_not_stuck(shop: Shop) -> None:
    shop.notices.outcome = Delivery.UNREACHABLE

    order = await shop.buy()

    assert await shop.rests(order) is PurchaseStage.DONE


async def test_a_purchase_through_the_api_edits_no_message(shop: Shop) -> None:
    order = await shop.buy(an_order(message=None))

    assert await shop.rests(order) is PurchaseStage.DONE
    assert shop.journal.all_of("shown") == []
