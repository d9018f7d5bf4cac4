"""Sealing what Temporal stores."""

import pytest
from temporalio.api.common.v1 import Payload

from infra.keyring import KeyRing
from temporal.codec import ENCODING, SealingCodec

OLD = KeyRing.generate_entry("2026")
NEW = KeyRing.generate_entry("2027")

SECRET = Payload(metadata={"encoding": b"json/plain"}, data=b'"anna@example.com"')


async def test_a_sealed_payload_opens_to_what_it_was() -> None:
    codec = SealingCodec(KeyRing.parse(NEW))

    (sealed,) = await codec.encode([SECRET])

    assert sealed.metadata["encoding"] == ENCODING
    assert b"anna" not in sealed.SerializeToString()
    assert await codec.decode([sealed]) == [SECRET]


async def test_after_a_rotation_old_payloads_still_open() -> None:
    (sealed,) = await SealingCodec(KeyRing.parse(OLD)).encode([SECRET])

    rotated = SealingCodec(KeyRing.parse(f"{NEW},{OLD}"))

    assert await rotated.decode([sealed]) == [SECRET]


async def test_after_a_rotation_the_new_key_seals() -> None:
    (sealed,) = await SealingCodec(KeyRing.parse(f"{NEW},{OLD}")).encode([SECRET])

    assert await SealingCodec(KeyRing.parse(NEW)).decode([sealed]) == [SECRET]


async def test_a_payload_under_an_unknown_key_is_an_error_that_names_the_key() -> None:
    (sealed,) = await SealingCodec(KeyRing.parse(OLD)).encode([SECRET])

    with pytest.raises(ValueError, match="'2026', which is not in ENCRYPTION_KEYS"):
        await SealingCodec(KeyRing.parse(NEW)).decode([sealed])


async def test_what_is_not_sealed_passes() -> None:
    assert await SealingCodec(KeyRing.parse(NEW)).decode([SECRET]) == [SECRET]
