"""Telegram Stars as a payment provider."""

from infra.stars.gateway import StarsGateway

__all__ = ["StarsGateway"]
