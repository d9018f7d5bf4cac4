"""One shop's YooKassa, put together."""

from pydantic import BaseModel, ConfigDict, Field

from sandbox.yookassa.books import Books, Event
from sandbox.yookassa.checkout import AfterDecline, Checkout
from sandbox.yookassa.clock import Agenda, Clock
from sandbox.yookassa.controls import Conduct, NotificationSettings, Situation
from sandbox.yookassa.desk import Desk
from sandbox.yookassa.faults import Faults
from sandbox.yookassa.idempotence import IdempotenceBook
from sandbox.yookassa.kassa import Kassa
from sandbox.yookassa.notifications import Notifier
from sandbox.yookassa.objects import ApiObject
from sandbox.yookassa.page_routes import page_path
from sandbox.yookassa.page_texts import shop_in_words
from sandbox.yookassa.payments import Locale, Payment
from sandbox.yookassa.refunding import RefundDesk
from sandbox.yookassa.tampering import Mirror


class ShopSettings(BaseModel):
    """What a merchant sets in YooKassa's cabinet, and where the sandbox is reached."""

    model_config = ConfigDict(frozen=True)

    shop_id: str
    secret_key: str = Field(repr=False)
    base_url: str
    """Where browsers reach the payment page: http://127.0.0.1:PORT."""
    notify_url: str | None = None
    after_decline: AfterDecline = AfterDecline.CANCEL
    shop_name: str | None = None
    """What the payment page calls the shop."""

    def name_in(self, locale: Locale) -> str:
        """The shop's name, or what it is called without one."""
        return self.shop_name or shop_in_words(locale, self.shop_id)


class Shop:
    """All the parts, and how they hear of each other."""

    def __init__(self, settings: ShopSettings) -> None:
        self.settings = settings
        self.clock = Clock()
        self.agenda = Agenda(self.clock)
        self.mirror = Mirror()
        self.faults = Faults()
        self.notifier = Notifier(self.clock, self.agenda, settings.notify_url)
        self.books = Books(self._publish)
        self.kassa = Kassa(settings.shop_id, self.books, self.clock, self.agenda, self._page_url)
        self.refund_desk = RefundDesk(self.books, self.clock, self.agenda)
        self.checkout = Checkout(self.kassa, self.clock)
        self.idempotence = IdempotenceBook(self.clock)
        credentials = (settings.shop_id, settings.secret_key)
        self.desk = Desk(credentials, self.faults, self.idempotence, self.notifier)
        self.behave(Conduct(after_decline=settings.after_decline))

    def reset(self) -> None:
        """Back to the first moment: real time, empty books, settings as at the start."""
        for part in (self.agenda, self.mirror, self.faults, self.notifier, self.books):
            part.clear()
        self.checkout.clear()
        self.idempotence.clear()
        self.faults.forget_calls()
        self.clock.reset()
        self.agenda.wake()
        self.behave(Conduct(after_decline=self.settings.after_decline))
        self.notifier.url = self.settings.notify_url

    def behave(self, conduct: Conduct) -> None:
        """Decide what is left to YooKassa, banks and registers."""
        self.conduct = conduct
        self.checkout.after_decline = conduct.after_decline
        self.refund_desk.fate = conduct.refunds
        self.kassa.receipts = self.refund_desk.receipts = conduct.receipts
        self.kassa.autopayments = conduct.autopayments

    def situation(self) -> Situation:
        """What was set to go otherwise than well."""
        return Situation(
            now=self.clock.now(),
            conduct=self.conduct,
            outage=self.faults.outage,
            faults=self.faults.waiting(),
            notifications=NotificationSettings(url=self.notifier.url, mode=self.notifier.mode),
        )

    def _publish(self, event: Event, changed: ApiObject) -> None:
        shown = self.mirror.show(changed) if isinstance(changed, Payment) else changed.to_api()
        self.notifier.publish(event, shown)

    def _page_url(self, payment_id: str) -> str:
        return f"{self.settings.base_url}{page_path(payment_id)}"
