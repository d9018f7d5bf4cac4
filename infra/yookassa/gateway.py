"""The payment provider's port, fulfilled by YooKassa."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from domain.errors import MethodRefused, ProviderRefused, ProviderUnavailable
from domain.ids import ProviderPaymentId, ProviderRefundId
from domain.model import Value
from domain.payments import Invoice, InvoiceRequest, PaymentSnapshot, RefundRequest, RefundSnapshot
from infra.settings import YooKassaSettings
from infra.yookassa.answers import Json
from infra.yookassa.bodies import payment_body, refund_body
from infra.yookassa.client import YooKassaClient
from infra.yookassa.objects import invoice_of, payment_of, refund_of

_OBJECT_ID = re.compile(r"[A-Za-z0-9-]{1,64}")

_PARALLEL_CALLS = 16


class Patience(Value):
    """How long to wait for YooKassa, in seconds."""

    connect: float = 5
    read: float = 40
    """More than the 30 s after which YooKassa itself answers 500."""
    overall: float = 50
    """With name resolution and the wait for a free thread, which the other two leave out."""


class YooKassaGateway:
    """Collects money through YooKassa and gives it back.

    The SDK blocks, so calls run in threads of their own: a call whose deadline has passed still
    holds its thread until the socket's timeout, and must not starve other work.
    """

    def __init__(self, settings: YooKassaSettings, *, patience: Patience = Patience()) -> None:  # noqa: B008  # frozen
        self._settings = settings
        self._patience = patience
        self._client = YooKassaClient(settings, connect=patience.connect, read=patience.read)
        self._threads = ThreadPoolExecutor(_PARALLEL_CALLS, thread_name_prefix="yookassa")

    @property
    def shop_id(self) -> str:
        """The account that receives the money."""
        return self._settings.shop_id

    async def create_invoice(self, request: InvoiceRequest, *, key: str) -> Invoice:
        """Make a payment page; within 24 hours the same key returns the same payment.

        Raises:
            ProviderUnavailable: The result is unknown; repeat with the same key.
            ProviderThrottled: As above, after `retry_after`.
            MethodRefused: YooKassa does not charge the kept card.
            ProviderRefused: YooKassa refused, or a receipt lacks its e-mail address.
        """
        body = payment_body(request, self._settings)
        try:
            answer = await self._post("/payments", body, key)
        except ProviderRefused as error:
            if request.charged_method is None:
                raise
            raise MethodRefused(str(error)) from error
        return invoice_of(answer, return_url=self._settings.return_url)

    async def fetch_payment(self, payment_id: ProviderPaymentId) -> PaymentSnapshot:
        """The truth about a payment. Raises as `create_invoice` does."""
        return payment_of(await self._get("/payments", payment_id))

    async def refund(self, request: RefundRequest, *, key: str) -> RefundSnapshot:
        """Give money back; the key and the errors are as in `create_invoice`."""
        return refund_of(await self._post("/refunds", refund_body(request, self._settings), key))

    async def fetch_refund(self, refund_id: ProviderRefundId) -> RefundSnapshot:
        """The truth about a refund. Raises as `create_invoice` does."""
        return refund_of(await self._get("/refunds", refund_id))

    def close(self) -> None:
        """Take no more calls; those under way end by their timeouts."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _post(self, path: str, body: Json, key: str) -> dict[str, Any]:
        return await self._call("post", path, {"Idempotence-Key": key}, body)

    async def _get(self, path: str, object_id: str) -> dict[str, Any]:
        # An id may come from a forged notification: it must not become another path.
        if not _OBJECT_ID.fullmatch(object_id):
            raise ProviderRefused("this is not an id of YooKassa's")
        return await self._call("get", f"{path}/{object_id}", {}, None)

    async def _call(
        self, method: str, path: str, headers: dict[str, str], body: Json | None
    ) -> dict[str, Any]:
        call = partial(self._client.request, method, path, None, headers, body)
        try:
            async with asyncio.timeout(self._patience.overall):
                return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except TimeoutError:
            raise ProviderUnavailable(
                f"YooKassa did not answer in {self._patience.overall:g} s: result unknown"
            ) from None
