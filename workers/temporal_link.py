"""Where Temporal is: from the settings to the client's own terms."""

from infra.settings import TemporalSettings
from temporal.client import TemporalTarget


def temporal_target(settings: TemporalSettings) -> TemporalTarget:
    """Where Temporal is, in the client's own terms."""
    key = settings.api_key
    return TemporalTarget(
        address=settings.address,
        namespace=settings.namespace,
        tls=settings.tls,
        ca=settings.tls_ca,
        certificate=settings.tls_cert,
        key=settings.tls_key,
        api_key=None if key is None else key.get_secret_value(),
    )
