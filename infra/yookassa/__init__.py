"""YooKassa behind `domain.ports.PaymentProvider`, over the official SDK's client."""

from infra.yookassa.gateway import Patience, YooKassaGateway

__all__ = ["Patience", "YooKassaGateway"]
