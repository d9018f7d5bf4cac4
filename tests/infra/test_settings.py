"""Settings: where they come from, and what a person is told when one is wrong."""

import base64
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import TypeVar

import pytest
from pydantic import ValidationError

from domain.errors import SettingsError
from domain.purchases import PurchasePolicy
from infra.admission import LineLimits
from infra.settings import (
    GROUPS,
    ApiSettings,
    DatabaseSettings,
    EncryptionSettings,
    LogSettings,
    PaymentSettings,
    PolicySettings,
    SettingsGroup,
    TelegramSettings,
    TemporalSettings,
    VpnSettings,
    WorkerSettings,
    YooKassaSettings,
    load,
    setting_name,
    settings_table,
)

KEY = "2026a:" + base64.b64encode(bytes(32)).decode()
PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbg==\n-----END OPENSSH PRIVATE KEY-----"

VALID: dict[type[SettingsGroup], dict[str, str]] = {
    DatabaseSettings: {"DATABASE_URL": "postgresql://u:p@localhost/shop"},
    TemporalSettings: {"TEMPORAL_ADDRESS": "127.0.0.1:7233"},
    EncryptionSettings: {"ENCRYPTION_KEYS": KEY},
    TelegramSettings: {
        "TELEGRAM_BOT_TOKEN": "42:AAbb-cc_dd",
        "TELEGRAM_WEBHOOK_SECRET": "s3cret",
        "PUBLIC_URL": "https://shop.example.com/",
    },
    PaymentSettings: {},
    YooKassaSettings: {
        "YOOKASSA_SHOP_ID": "100500",
        "YOOKASSA_SECRET_KEY": "test_key",
        "YOOKASSA_RETURN_URL": "https://t.me/shop_bot",
    },
    VpnSettings: {"VPN_SSH_KEY": PEM},
    ApiSettings: {"API_JWT_SECRET": "j" * 32, "LINK_SECRET": "l" * 32},
    WorkerSettings: {},
    LogSettings: {},
    PolicySettings: {},
}


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for group in GROUPS:
        for field in group.model_fields:
            monkeypatch.delenv(setting_name(group, field), raising=False)
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    monkeypatch.setenv("WGSHOP_SECRETS_DIR", str(secrets))
    monkeypatch.chdir(tmp_path)


Group = TypeVar("Group", bound=SettingsGroup)


def load_with(monkeypatch: pytest.MonkeyPatch, group: type[Group], **changes: str) -> Group:
    for name, value in (VALID[group] | changes).items():
        monkeypatch.setenv(name, value)
    return load(group)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
def test_the_least_that_each_group_needs_is_enough(
    monkeypatch: pytest.MonkeyPatch, group: type[SettingsGroup]
) -> None:
    assert isinstance(load_with(monkeypatch, group), group)


@pytest.mark.parametrize(
    ("group", "name"),
    [
        (DatabaseSettings, "DATABASE_URL"),
        (TemporalSettings, "TEMPORAL_ADDRESS"),
        (EncryptionSettings, "ENCRYPTION_KEYS"),
        (TelegramSettings, "TELEGRAM_BOT_TOKEN"),
        (TelegramSettings, "TELEGRAM_WEBHOOK_SECRET"),
        (TelegramSettings, "TELEGRAM_WEBHOOK_URL"),
        (YooKassaSettings, "YOOKASSA_SHOP_ID"),
        (YooKassaSettings, "YOOKASSA_SECRET_KEY"),
        (YooKassaSettings, "YOOKASSA_RETURN_URL"),
        (VpnSettings, "VPN_SSH_KEY"),
        (ApiSettings, "API_JWT_SECRET"),
        (ApiSettings, "LINK_SECRET"),
    ],
)
def test_a_missing_setting_is_named(group: type[SettingsGroup], name: str) -> None:
    with pytest.raises(SettingsError, match=rf"- {name}: .*Example: "):
        load(group)


@pytest.mark.parametrize(
    ("group", "name", "value"),
    [
        (DatabaseSettings, "DATABASE_URL", "mysql://u:hunter2@db/shop"),
        (DatabaseSettings, "DATABASE_POOL_SIZE", "999999"),
        (TemporalSettings, "TEMPORAL_ADDRESS", "https://hunter2.example.com"),
        (TemporalSettings, "TEMPORAL_TLS", "perhaps"),
        (TemporalSettings, "TEMPORAL_TLS_CA", "/no/such/hunter2.pem"),
        (EncryptionSettings, "ENCRYPTION_KEYS", "2026a:hunter2"),
        (TelegramSettings, "TELEGRAM_BOT_TOKEN", "hunter2"),
        (TelegramSettings, "TELEGRAM_API_URL", "api.hunter2.org"),
        (TelegramSettings, "TELEGRAM_MODE", "hunter2"),
        (TelegramSettings, "TELEGRAM_WEBHOOK_URL", "ftp://hunter2"),
        (TelegramSettings, "TELEGRAM_WEBHOOK_SECRET", "hunter2!"),
        (TelegramSettings, "TELEGRAM_WEBHOOK_SECRET", "h" * 257),
        (TelegramSettings, "ADMIN_CHAT_ID", "@hunter2"),
        (TelegramSettings, "PUBLIC_URL", "hunter2"),
        (YooKassaSettings, "YOOKASSA_SHOP_ID", "hunter 2"),
        (YooKassaSettings, "YOOKASSA_API_URL", "hunter2"),
        (YooKassaSettings, "YOOKASSA_RETURN_URL", "t.me/hunter2"),
        (YooKassaSettings, "YOOKASSA_NOTIFICATION_NETWORKS", "127.0.0.1/8, hunter2"),
        (YooKassaSettings, "YOOKASSA_VAT_CODE", "13"),
        (YooKassaSettings, "YOOKASSA_TAX_SYSTEM_CODE", "0"),
        (VpnSettings, "VPN_SSH_KEY", "hunter2"),
        (VpnSettings, "VPN_CALLS_PER_SERVER", "11"),
        (VpnSettings, "VPN_WAITING_PER_SERVER", "-1"),
        (VpnSettings, "VPN_WORK_AT_ONCE", "23"),
        (ApiSettings, "API_PORT", "70000"),
        (ApiSettings, "API_JWT_SECRET", "hunter2"),
        (ApiSettings, "LINK_SECRET", "hunter2"),
        (ApiSettings, "CODEC_TOKEN", "hunter2"),
        (ApiSettings, "TRUSTED_PROXIES", "hunter2"),
        (WorkerSettings, "METRICS_PORT", "hunter2"),
        (WorkerSettings, "SHUTDOWN_GRACE", "0"),
        (LogSettings, "LOG_LEVEL", "hunter2"),
        (LogSettings, "LOG_FORMAT", "hunter2"),
        (PolicySettings, "PURCHASE_PARK_PATIENCE", "hunter2"),
        (PolicySettings, "PURCHASE_FIRST_POLL", "-1"),
        (PolicySettings, "PURCHASE_SETUP_BUDGET", "20"),
    ],
)
def test_a_malformed_setting_is_named_and_its_value_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, group: type[SettingsGroup], name: str, value: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        load_with(monkeypatch, group, **{name: value})
    (problem,) = str(refusal.value).splitlines()[1:]
    assert problem.startswith(f"- {name}: ")
    assert "hunter" not in problem
    assert refusal.value.__context__ is None


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as refusal:
        load(ApiSettings)
    assert len(str(refusal.value).splitlines()) == 3


def test_an_empty_value_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_with(monkeypatch, TelegramSettings, ADMIN_CHAT_ID="").admin_chat_id is None


def test_a_secret_file_is_named_like_its_setting(tmp_path: Path) -> None:
    (tmp_path / "secrets" / "DATABASE_URL").write_text("postgresql:///from-a-file\n")
    assert load(DatabaseSettings).url.get_secret_value() == "postgresql:///from-a-file"


def test_a_dotenv_file_is_read_and_yields_to_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secrets" / "DATABASE_URL").write_text("postgresql:///from-a-secret-file")
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql:///from-dotenv\nOTHER=ignored\n")
    assert load(DatabaseSettings).url.get_secret_value() == "postgresql:///from-dotenv"
    monkeypatch.setenv("DATABASE_URL", "postgresql:///from-the-environment")
    assert load(DatabaseSettings).url.get_secret_value() == "postgresql:///from-the-environment"


def test_a_secrets_directory_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WGSHOP_SECRETS_DIR", "/no/such/directory")
    with pytest.raises(SettingsError, match="WGSHOP_SECRETS_DIR"):
        load(LogSettings)


def test_a_group_is_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_with(monkeypatch, LogSettings).level = "DEBUG"  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("group", "name"),
    [
        (DatabaseSettings, "DATABASE_URL"),
        (EncryptionSettings, "ENCRYPTION_KEYS"),
        (TelegramSettings, "TELEGRAM_BOT_TOKEN"),
        (TelegramSettings, "TELEGRAM_WEBHOOK_SECRET"),
        (YooKassaSettings, "YOOKASSA_SECRET_KEY"),
        (VpnSettings, "VPN_SSH_KEY"),
        (ApiSettings, "API_JWT_SECRET"),
        (ApiSettings, "LINK_SECRET"),
    ],
)
def test_printing_a_group_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, group: type[SettingsGroup], name: str
) -> None:
    assert VALID[group][name] not in repr(load_with(monkeypatch, group))


def test_the_webhook_address_follows_the_public_one(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_with(monkeypatch, TelegramSettings)
    assert settings.webhook_url == "https://shop.example.com/webhook"


def test_polling_needs_neither_address_nor_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "42:AAbb")
    monkeypatch.setenv("TELEGRAM_MODE", "polling")
    assert load(TelegramSettings).webhook_secret is None


def test_receipts_need_a_vat_code(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="- YOOKASSA_VAT_CODE: needed when YOOKASSA_RECEIPTS"):
        load_with(monkeypatch, YooKassaSettings, YOOKASSA_RECEIPTS="true")


def test_the_documented_senders_of_notifications_are_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    networks = load_with(monkeypatch, YooKassaSettings).notification_networks
    assert ip_network("2a02:5180::/32") in networks
    assert ip_network("77.75.156.35/32") in networks


def test_networks_are_a_comma_list(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_with(monkeypatch, ApiSettings, TRUSTED_PROXIES="10.0.0.0/8, ::1")
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1/128"))


def test_a_client_certificate_goes_with_its_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "cert.pem").touch()
    with pytest.raises(SettingsError, match="TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY go together"):
        load_with(monkeypatch, TemporalSettings, TEMPORAL_TLS_CERT=str(tmp_path / "cert.pem"))


def test_the_ssh_key_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "id_ed25519").write_text(PEM)
    monkeypatch.setenv("VPN_SSH_KEY_FILE", str(tmp_path / "id_ed25519"))
    assert load(VpnSettings).ssh_key.get_secret_value() == PEM


def test_how_much_one_server_may_have_under_way_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {"VPN_CALLS_PER_SERVER": "2", "VPN_WAITING_PER_SERVER": "3", "VPN_WORK_AT_ONCE": "10"}
    settings = load_with(monkeypatch, VpnSettings, **wanted)
    assert settings.line_limits() == LineLimits(calls=2, waiting=3)
    with pytest.raises(SettingsError, match="one server may not take every place"):
        load_with(monkeypatch, VpnSettings, **{**wanted, "VPN_WORK_AT_ONCE": "9"})


def test_every_patience_of_a_purchase_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {
        name: timedelta(seconds=seconds + 0.5)
        for seconds, name in enumerate(PurchasePolicy.model_fields)
    }
    for name, patience in wanted.items():
        monkeypatch.setenv(f"PURCHASE_{name.upper()}", str(patience.total_seconds()))
    assert load(PolicySettings).policy().model_dump() == wanted


def test_without_settings_the_policy_is_the_domains(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_with(monkeypatch, PolicySettings).policy() == PurchasePolicy()


def test_the_table_explains_every_setting_once() -> None:
    table = settings_table()
    for group in GROUPS:
        for name, field in group.model_fields.items():
            assert table.count(f"| `{setting_name(group, name)}` |") == 1
            assert field.description
    assert "| `API_PORT` | `8080` | The port" in table
    assert "| `DATABASE_URL` | **required** |" in table
