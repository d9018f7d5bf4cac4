"""The refusals of the Bot API, in its own words.

The texts follow the open server (tdlib/telegram-bot-api) as bots match on them.
"""


class ApiError(Exception):
    """A call that is answered with `ok: false`.

    Attributes:
        code: The HTTP status and `error_code`.
        description: The text a bot matches on.
        retry_after: Seconds to wait, for "Too Many Requests" only.
    """

    def __init__(self, code: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after

    @property
    def body(self) -> dict[str, object]:
        """The JSON answer."""
        body: dict[str, object] = {
            "ok": False,
            "error_code": self.code,
            "description": self.description,
        }
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        return body


def bad_request(reason: str) -> ApiError:
    """The call makes no sense: 400."""
    return ApiError(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> ApiError:
    """The bot may not do this: 403."""
    return ApiError(403, f"Forbidden: {reason}")


def conflict(reason: str) -> ApiError:
    """Two ways of receiving updates collide: 409."""
    return ApiError(409, f"Conflict: {reason}")


def too_many_requests(retry_after: int) -> ApiError:
    """The flood limit: 429 with the seconds to wait."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after)
