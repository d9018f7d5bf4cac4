"""The connection to the Temporal server."""

from dataclasses import replace
from pathlib import Path

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes
from temporalio.runtime import Runtime
from temporalio.service import RetryConfig, TLSConfig

from domain.model import Value
from domain.ports import Sealer
from temporal.codec import SealingCodec

_IMPATIENT = RetryConfig(max_elapsed_time_millis=2_000)
"""The SDK's own 10 s are longer than whoever knocks at a webhook waits."""


class TemporalTarget(Value):
    """Which server, and how to be let in: a local one, a cluster, or Temporal Cloud."""

    address: str
    """`host:port` of the frontend."""
    namespace: str
    tls: bool = False
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    api_key: str | None = None


async def connect(
    target: TemporalTarget,
    sealer: Sealer,
    runtime: Runtime | None = None,
    *,
    lazy: bool = False,
) -> Client:
    """Connect. Raises `RuntimeError` when nobody answers.

    With `lazy`, connect at the first call, and give up within seconds on a server that is away:
    for processes that have somebody waiting for an answer.
    """
    return await Client.connect(
        target.address,
        namespace=target.namespace,
        data_converter=data_converter(sealer),
        tls=_tls(target),
        api_key=target.api_key,
        runtime=runtime,
        lazy=lazy,
        retry_config=_IMPATIENT if lazy else None,
    )


def data_converter(sealer: Sealer) -> DataConverter:
    """Pydantic models in and out, sealed; the messages of failures too."""
    return replace(
        pydantic_data_converter,
        payload_codec=SealingCodec(sealer),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def _tls(target: TemporalTarget) -> TLSConfig | bool:
    if not target.tls:
        return False
    return TLSConfig(
        server_root_ca_cert=_bytes(target.ca),
        client_cert=_bytes(target.certificate),
        client_private_key=_bytes(target.key),
    )


def _bytes(path: Path | None) -> bytes | None:
    return None if path is None else path.read_bytes()
