"""A shop for each test, in a namespace of its own."""

from collections.abc import AsyncIterator

import pytest

from infra.keyring import KeyRing
from temporal.client import TemporalTarget, connect
from tests.workflows.shop import Shop


@pytest.fixture
async def closed_shop(temporal_target: TemporalTarget, key_ring: KeyRing) -> Shop:
    """A shop whose workers are not at work."""
    return Shop(await connect(temporal_target, key_ring))


@pytest.fixture
async def shop(closed_shop: Shop) -> AsyncIterator[Shop]:
    """A shop at work."""
    async with closed_shop.at_work():
        yield closed_shop
