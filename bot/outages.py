"""What a handler meets when a part of the shop is away: the update is to come again later."""

from domain.errors import TemporalUnavailable
from infra.postgres.pool import OUTAGES as POSTGRES_OUTAGES

OUTAGES = (*POSTGRES_OUTAGES, TemporalUnavailable)
