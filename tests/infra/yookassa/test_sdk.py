"""The SDK is the one that was read: another version must be read before it is trusted."""

import inspect
from importlib.metadata import version

from yookassa import Configuration
from yookassa.client import ApiClient

from infra.yookassa.client import TESTED_SDK_VERSION, YooKassaClient


def test_the_sdk_is_the_version_whose_client_was_read() -> None:
    assert version("yookassa") == TESTED_SDK_VERSION


def test_every_method_that_is_replaced_is_still_called_that_way() -> None:
    for name in ("get_session", "execute", "request"):
        ours = inspect.signature(getattr(YooKassaClient, name)).parameters
        theirs = inspect.signature(getattr(ApiClient, name)).parameters
        assert list(ours) == list(theirs), name


def test_what_is_used_of_the_sdk_is_still_there() -> None:
    Configuration.configure("100500", "test_key", api_url="http://127.0.0.1:1/v3")
    client = ApiClient()
    assert client.endpoint == "http://127.0.0.1:1/v3"
    headers = client.prepare_request_headers({"Idempotence-Key": "k"})
    assert headers["Authorization"].startswith("Basic ")
    assert headers["Idempotence-Key"] == "k"


def test_no_logger_is_given_to_the_sdk() -> None:
    """It would write the Authorization header to it."""
    assert Configuration.logger is None
