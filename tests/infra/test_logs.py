"""The log: one stream, one shape, and nothing that must not be in it."""

import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import structlog

from infra.logs import configure_logging
from infra.masking import MASK, mask_named, mask_text, mask_value
from infra.settings import LogFormat, LogLevel, LogSettings

PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----"
WIREGUARD_KEY = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("POST /bot123456:ABC/sendMessage", "ABC"),
        ("https://api.telegram.org/file/bot123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PAL/x", "AAHdq"),
        ("token 123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw is wrong", "AAHdq"),
        ("Authorization: Basic MTAwNTAwOnRlc3Rfa2V5", "MTAwNTAw"),
        ("Authorization: Basic YTpi", "YTpi"),
        ("{'authorization': 'shop-token'}", "shop-token"),
        ("{'Authorization': 'Bearer eyJhbGciOi.eyJzdWIi.c2ln'}", "eyJ"),
        ("postgresql://wgshop:hunter2@db:5432/wgshop", "hunter2"),
        (f"key is {PEM}", "b3Blbn"),
        (f"cut {PEM[:50]}", "b3Blbn"),
        (f"PrivateKey = {WIREGUARD_KEY}", WIREGUARD_KEY),
        (f"PresharedKey={WIREGUARD_KEY}", WIREGUARD_KEY),
        ("live_AbCdEfGhIjKlMnOpQrStUv", "AbCdEf"),
        ("GET /config/42?signature=abcdef0123&expires=5", "abcdef0123"),
        ("receipt for ivan.petrov+vpn@mail.example.ru sent", "petrov"),
        ("card 5555 5555 5555 4477 declined", "4477"),
        ("card 4111-1111-1111-1111", "1111"),
        ("card 2200000000000004", "2200"),
    ],
)
def test_a_secret_is_recognised_by_its_shape(text: str, secret: str) -> None:
    assert secret not in mask_text(text)
    assert MASK in mask_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "purchase:0b5e5f9e-8a35-4c1b-9d7e-3f1c2b7a9d10 paid",
        "payment 2f1d1a2b-000f-5000-9000-1bd9d0a2f3c1 succeeded",
        "alarm to -1001234567890",
        "update 1234567890123",
        "2026-11-23T01:02:03.123456Z took 12.5 ms at 10.66.0.2:51820",
        "https://yookassa.ru/checkout/payments/v2/contract?orderId=2f1d1a2b",
        f"peer {WIREGUARD_KEY} added",
        "299.00 RUB",
        "Basic checks passed",
    ],
)
def test_what_operators_search_for_stays_readable(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize(
    "name",
    [
        "bot_token", "secret_key", "YOOKASSA_SECRET_KEY", "api_key", "apikey", "key", "ssh_key",
        "password", "passwd", "private_key", "PrivateKey", "preshared_key", "email", "e_mail",
        "receipt_email", "phone", "Authorization", "cookie", "Set-Cookie", "username", "first_name",
    ],
)  # fmt: skip
def test_a_secret_is_recognised_by_its_name(name: str) -> None:
    assert mask_named(name, "anything") == MASK


@pytest.mark.parametrize(
    "name", ["public_key", "key_id", "idempotence_key", "purchase_id", "event", "discarded"]
)
def test_other_names_stay(name: str) -> None:
    assert mask_named(name, "anything") == "anything"


def test_a_secret_is_found_however_deep_it_lies() -> None:
    body = {"customer": [{"email": "a@b.example", "city": "Tula"}], "note": ("a@b.example",)}
    assert mask_value(body) == {"customer": [{"email": MASK, "city": "Tula"}], "note": [MASK]}


def test_an_object_is_masked_as_it_would_be_printed() -> None:
    assert (
        mask_value(ValueError("no such user a@b.example")) == f"ValueError('no such user {MASK}')"
    )


Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root, uvicorn = logging.getLogger(), logging.getLogger("uvicorn")
    before = (root.handlers, root.level, uvicorn.handlers)
    yield
    root.handlers, root.level, uvicorn.handlers = before
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)


def lines_of(capsys: Output) -> list[dict[str, str]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_is_json_with_a_utc_time_and_the_bound_purchase(capsys: Output) -> None:
    configure_logging(LogSettings())
    with structlog.contextvars.bound_contextvars(purchase_id="0b5e5f9e"):
        structlog.get_logger("wgshop").info("invoice_made", price="299.00 RUB")
    (line,) = lines_of(capsys)
    stamped = datetime.fromisoformat(line.pop("timestamp"))
    assert stamped.tzinfo == UTC
    assert line == {
        "event": "invoice_made",
        "level": "info",
        "logger": "wgshop",
        "price": "299.00 RUB",
        "purchase_id": "0b5e5f9e",
    }


@pytest.mark.parametrize(
    "library", ["uvicorn.error", "aiogram.dispatcher", "temporalio.worker", "paramiko.transport"]
)
def test_a_librarys_line_has_the_same_shape_and_is_masked(capsys: Output, library: str) -> None:
    configure_logging(LogSettings())
    logging.getLogger(library).warning("failed for %s", "a@b.example", extra={"token": "t"})
    (line,) = lines_of(capsys)
    assert line["event"] == f"failed for {MASK}"
    assert (line["logger"], line["level"], line["token"]) == (library, "warning", MASK)


def test_a_workflows_line_names_its_purchase_and_not_the_rest_that_temporal_knows(
    capsys: Output,
) -> None:
    configure_logging(LogSettings())
    known = {"workflow_id": "purchase:0b5e5f9e", "run_id": "r", "task_queue": "shop"}
    logging.getLogger("temporalio.workflow").warning("paid", extra={"temporal_workflow": known})
    (line,) = lines_of(capsys)
    assert (line["workflow_id"], line["purchase_id"]) == ("purchase:0b5e5f9e", "0b5e5f9e")
    assert "temporal_workflow" not in line


def test_uvicorn_writes_each_line_once_even_after_its_own_configuration(capsys: Output) -> None:
    logging.getLogger("uvicorn").addHandler(logging.StreamHandler(sys.stdout))
    configure_logging(LogSettings())
    logging.getLogger("uvicorn.error").warning("started")
    assert len(lines_of(capsys)) == 1


def test_a_chatty_library_is_heard_from_warnings_on(capsys: Output) -> None:
    configure_logging(LogSettings(level=LogLevel.DEBUG))
    logging.getLogger("paramiko.transport").info("kex: curve25519")
    assert lines_of(capsys) == []


def test_a_traceback_is_one_masked_line(capsys: Output) -> None:
    configure_logging(LogSettings())
    try:
        int("postgresql://wgshop:hunter2@db/wgshop")
    except ValueError:
        structlog.get_logger("wgshop").exception("crashed")
    (line,) = lines_of(capsys)
    assert "Traceback" in line["exception"]
    assert "hunter2" not in line["exception"]


def test_the_console_format_is_for_people(capsys: Output) -> None:
    configure_logging(LogSettings(format=LogFormat.CONSOLE))
    structlog.get_logger("wgshop").info("invoice_made", email="a@b.example")
    output = capsys.readouterr().out
    assert "invoice_made" in output
    assert not output.startswith("{")
    assert "a@b.example" not in output


def test_configuring_again_does_not_double_the_lines(capsys: Output) -> None:
    configure_logging(LogSettings())
    configure_logging(LogSettings())
    structlog.get_logger("wgshop").info("once")
    assert len(lines_of(capsys)) == 1
