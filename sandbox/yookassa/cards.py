"""The official test cards and what each of them leads to.

Source: https://yookassa.ru/developers/payment-acceptance/testing-and-going-live/testing. Any
expiry date in the future, any CVC and any 3-D Secure code go with them.
"""

from enum import StrEnum

from sandbox.yookassa.objects import ApiObject


class CardType(StrEnum):
    """The payment networks of the test cards, as `payment_method.card.card_type` names them."""

    MASTERCARD = "MasterCard"
    VISA = "Visa"
    MIR = "Mir"


class Party(StrEnum):
    """Who decided that a payment or refund does not happen."""

    MERCHANT = "merchant"
    YOO_MONEY = "yoo_money"
    PAYMENT_NETWORK = "payment_network"
    REFUND_NETWORK = "refund_network"


class Cancellation(ApiObject):
    """Why a payment or refund did not happen: the API's `cancellation_details`."""

    party: Party
    reason: str


class TestCard(ApiObject):
    """A card of the official table."""

    __test__ = False  # not a test, whatever pytest makes of the name

    number: str
    card_type: CardType
    scenario: str
    """`paid`, `paid_after_3ds`, `paid_then_declined`, or the reason of the decline."""
    three_d_secure: bool = False
    decline: Cancellation | None = None
    autopay_decline: Cancellation | None = None
    """Why later charges of the saved card are declined, though the first payment succeeds."""

    @property
    def last4(self) -> str:
        """The part of the number that may be shown."""
        return self.number[-4:]


PAID = "paid"
PAID_AFTER_3DS = "paid_after_3ds"
PAID_THEN_DECLINED = "paid_then_declined"

_NETWORKS = (CardType.MASTERCARD, CardType.VISA, CardType.MIR)

_PAID_CARDS = {
    PAID: ("5555555555554444", "4111111111111111", "2202474301322987"),
    PAID_AFTER_3DS: ("5555555555554477", "4793128161644804", "2200000000000004"),
}

_DECLINED_BY_NETWORK = {
    "insufficient_funds": ("5555555555554600", "4562265587712390", "2200000000000053"),
    "3d_secure_failed": ("5555555555554592", "4839665499603842", "2200000000000012"),
    "call_issuer": ("5555555555554535", "4926946416239025", "2200000000000020"),
    "card_expired": ("5555555555554543", "4141435412630840", "2200000000000038"),
    "fraud_suspected": ("5555555555554568", "4483274282299972", "2200000000000046"),
    "general_decline": ("5555555555554527", "4889971706588753", "2202202212312379"),
    "invalid_card_number": ("5555555555554618", "4951017853630544", "2201382000000013"),
    "invalid_csc": ("5555555555554626", "4194180666146368", "2200770212727079"),
    "issuer_unavailable": ("5555555555554501", "4654130848359150", "2201382000000021"),
    "payment_method_limit_exceeded": ("5555555555554576", "4565231022577548", "2201382000000039"),
    "payment_method_restricted": ("5555555555554550", "4233961169071671", "2201382000000047"),
}

_DECLINED_BY_YOO_MONEY = {
    "country_forbidden": ("5555555555554584", "4969751510013864", "2201382000000054"),
    "fraud_suspected": ("5555555555554634", "4119098878796485", "2201696981989955"),
}

_FIRST_PAYMENT_ONLY = TestCard(
    # Known from users' code only; the official table could not be read for it.
    number="5555555555554642",
    card_type=CardType.MASTERCARD,
    scenario=PAID_THEN_DECLINED,
    autopay_decline=Cancellation(party=Party.PAYMENT_NETWORK, reason="insufficient_funds"),
)


def _paid() -> list[TestCard]:
    return [
        TestCard(
            number=number,
            card_type=network,
            scenario=scenario,
            three_d_secure=scenario == PAID_AFTER_3DS,
        )
        for scenario, numbers in _PAID_CARDS.items()
        for network, number in zip(_NETWORKS, numbers, strict=True)
    ]


def _declined(table: dict[str, tuple[str, str, str]], party: Party) -> list[TestCard]:
    return [
        TestCard(
            number=number,
            card_type=network,
            scenario=reason,
            three_d_secure=reason == "3d_secure_failed",
            decline=Cancellation(party=party, reason=reason),
        )
        for reason, numbers in table.items()
        for network, number in zip(_NETWORKS, numbers, strict=True)
    ]


TEST_CARDS: dict[str, TestCard] = {
    card.number: card
    for card in (
        *_paid(),
        *_declined(_DECLINED_BY_NETWORK, Party.PAYMENT_NETWORK),
        *_declined(_DECLINED_BY_YOO_MONEY, Party.YOO_MONEY),
        _FIRST_PAYMENT_ONLY,
    )
}
"""Every test card by its number."""


def card_for(
    scenario: str, card_type: CardType = CardType.MASTERCARD, party: Party | None = None
) -> TestCard:
    """The test card that leads to a scenario; raises LookupError if there is none.

    Args:
        scenario: `PAID`, `PAID_AFTER_3DS`, `PAID_THEN_DECLINED`, or the reason of a decline.
        card_type: The payment network.
        party: Who declines; `fraud_suspected` has a card for each of two.
    """
    for card in TEST_CARDS.values():
        decided = party is None or (card.decline is not None and card.decline.party is party)
        if card.scenario == scenario and card.card_type is card_type and decided:
            return card
    raise LookupError(f"No {card_type} test card leads to {scenario!r}.")
