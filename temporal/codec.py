"""Everything that Temporal stores for us is sealed before it leaves the process."""

from collections.abc import Sequence

from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from domain.ports import Sealer

ENCODING = b"binary/encrypted"
"""The metadata `encoding` of a sealed payload, as in Temporal's encryption samples."""

_CONTEXT = b"temporal"


class SealingCodec(PayloadCodec):
    """AES-256-GCM over whole payloads, with the key's id inside, so that keys can rotate."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal each payload with the newest key."""
        return [
            Payload(
                metadata={"encoding": ENCODING},
                data=self._sealer.seal(payload.SerializeToString(), context=_CONTEXT),
            )
            for payload in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open each sealed payload; what is not sealed is returned as it is.

        Raises:
            ValueError: the key that sealed it is not in the ring.
        """
        return [self._open(payload) for payload in payloads]

    def _open(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        return Payload.FromString(self._sealer.unseal(payload.data, context=_CONTEXT))
