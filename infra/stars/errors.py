"""What Telegram's refusals mean where it is asked as a payment provider."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)

from domain.errors import ProviderRefused, ProviderThrottled, ProviderUnavailable

_REFUSALS = (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)


@contextmanager
def provider_errors() -> Iterator[None]:
    """Turn aiogram's errors into those of the provider's port."""
    try:
        yield
    except TelegramRetryAfter as error:
        raise ProviderThrottled(
            f"Telegram asks to wait {error.retry_after} s", timedelta(seconds=error.retry_after)
        ) from error
    except _REFUSALS as error:
        raise ProviderRefused(f"Telegram refused: {error.message}") from error
    except AiogramError as error:
        kind = type(error).__name__
        raise ProviderUnavailable(f"Telegram did not answer ({kind}): result unknown") from error


def says(error: ProviderRefused, text: str) -> bool:
    """Whether the refusal has this text: the Bot API has no error codes beside HTTP's."""
    return text in str(error)
