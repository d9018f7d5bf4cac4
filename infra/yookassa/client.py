"""The official SDK's client with its traps closed.

Used from the SDK 3.13.0: credentials, the request headers and the user agent. Replaced, through
its public methods, is what would lose money or time there:

- `execute` has no network timeout, obeys proxy variables, and guesses the encoding of each answer;
- `request` turns a broken connection into an AttributeError and an HTML page into a
  JSONDecodeError, so that "result unknown" looks like a bug;
- the hidden retries belong to the workflow, which shows them;
- `Payment` and `Refund` are not used: they alter the caller's metadata, pass amounts through
  float, and raise on an answer with a field they do not like, after the money has moved.

No logger is ever configured: the SDK would write the Authorization header to it.
"""

from typing import Any

import requests
from yookassa import Configuration
from yookassa.client import ApiClient

from domain.errors import ProviderUnavailable
from infra.settings import YooKassaSettings
from infra.yookassa.answers import Json, read_answer

TESTED_SDK_VERSION = "3.13.0"
"""The version whose `ApiClient` was read; a test fails on another."""


class YooKassaClient(ApiClient):  # type: ignore[misc]  # the SDK ships no types
    """Makes one HTTP call a time and says plainly how it ended. Safe to share between threads."""

    def __init__(self, settings: YooKassaSettings, *, connect: float, read: float) -> None:
        # The SDK keeps credentials in globals; the constructor copies them to this client.
        Configuration.configure(
            settings.shop_id, settings.secret_key.get_secret_value(), api_url=settings.api_url
        )
        super().__init__()
        self._timeouts = (connect, read)

    def get_session(self) -> requests.Session:
        """A fresh session, blind to proxy variables and .netrc, without hidden retries."""
        session = requests.Session()
        session.trust_env = False
        return session

    def execute(
        self,
        body: Json | None,
        method: str,
        path: str,
        query_params: dict[str, str] | None,
        request_headers: dict[str, str],
    ) -> requests.Response:
        """Send the request once; a redirect is an answer, for following it would drop the body."""
        with self.get_session() as session:
            return session.request(
                method,
                self.endpoint + path,
                params=query_params,
                headers=request_headers,
                json=body,
                timeout=self._timeouts,
                allow_redirects=False,
            )

    def request(
        self,
        method: str = "",
        path: str = "",
        query_params: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        body: Json | None = None,
    ) -> dict[str, Any]:
        """The answer's JSON object.

        Raises:
            ProviderUnavailable: No answer, or one that leaves the result unknown.
            ProviderThrottled: 429.
            ProviderRefused: Any other 4xx.
        """
        request_headers = self.prepare_request_headers(headers)
        try:
            response = self.execute(body, method, path, query_params, request_headers)
        except requests.RequestException as error:
            kind = type(error).__name__
            raise ProviderUnavailable(
                f"YooKassa did not answer ({kind}): result unknown"
            ) from error
        return read_answer(response)
