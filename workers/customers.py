"""What support does with a customer's data, from the command line."""

from datetime import UTC, datetime
from uuid import uuid4

from domain.errors import SettingsError
from domain.ids import ErasureId, UserId
from domain.languages import Language
from domain.privacy import ErasureOrder, ErasureStage
from infra.postgres.customers import Customers
from infra.postgres.erasure import PostgresPersonalData
from infra.postgres.personal_data import PersonalDataExport
from infra.postgres.pool import open_pool
from infra.settings import DatabaseSettings, EncryptionSettings, TemporalSettings, load
from temporal.client import connect
from temporal.starter import Starter
from workers.temporal_link import temporal_target

_OUTCOMES = {
    ErasureStage.ERASED: "erased; servers are being told to let the devices go",
    ErasureStage.UNDER_WAY: "under way; the worker erases as soon as it can",
    ErasureStage.REFUSED: (
        "refused, and nothing was erased: a purchase of theirs is paid and not over. Let it come "
        "to its end, or give the money back, then try again"
    ),
}


async def exported(user_id: int) -> str:
    """The customer's data as JSON. Raises `SettingsError` for somebody who was never here."""
    ring = load(EncryptionSettings).key_ring()
    async with await open_pool(load(DatabaseSettings).url.get_secret_value(), size=1) as pool:
        data = await PersonalDataExport(pool, ring).of(UserId(user_id), datetime.now(UTC))
    if not data.tables:
        raise SettingsError(f"there is no customer {user_id}")
    return data.model_dump_json(indent=2)


async def erase_customer(user_id: int, actor: str) -> str:
    """Start the erasure and wait a little; what became of it, in words."""
    ring = load(EncryptionSettings).key_ring()
    erasure_id = ErasureId(uuid4())
    async with await open_pool(load(DatabaseSettings).url.get_secret_value(), size=1) as pool:
        if await Customers(pool).find(UserId(user_id)) is None:
            raise SettingsError(f"there is no customer {user_id}")
        # Not whose it was: the log outlives the customer.
        await PostgresPersonalData(pool, ring).note_decision(erasure_id, f"cli:{actor}")
    order = ErasureOrder(erasure_id=erasure_id, user_id=UserId(user_id), language=Language.RUSSIAN)
    client = await connect(temporal_target(load(TemporalSettings)), ring, lazy=True)
    return f"erasure {erasure_id}: {_OUTCOMES[await Starter(client).erased(order)]}"
