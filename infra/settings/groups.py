"""Every setting, in groups: a process loads the groups that it needs.

The text under each field is its documentation, in error messages and in the README's table.
"""

import re
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import Field, FilePath, SecretStr, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from domain.languages import Language
from domain.payments import Provider
from domain.purchases import PurchasePolicy
from infra.admission import OPENSSH_SESSIONS, LineLimits
from infra.keyring import KeyRing
from infra.settings.kinds import BaseUrl, LongSecret, Networks, Port, Seconds, SettingsGroup

_DEFAULT_POLICY = PurchasePolicy()


class DatabaseSettings(SettingsGroup):
    """PostgreSQL."""

    model_config = SettingsConfigDict(env_prefix="DATABASE_")

    url: Annotated[SecretStr, Field(examples=["postgresql://wgshop:password@db:5432/wgshop"])]
    """PostgreSQL's address with user, password and database."""
    pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    """Connections that one process keeps, at most."""

    @field_validator("url")
    @classmethod
    def _is_postgresql(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("expected a postgresql:// address")
        return url


class TemporalSettings(SettingsGroup):
    """The Temporal server, a cluster's frontend or Temporal Cloud."""

    model_config = SettingsConfigDict(env_prefix="TEMPORAL_")

    address: Annotated[str, Field(pattern=r"^[^\s/]+:\d{1,5}$", examples=["127.0.0.1:7233"])]
    """Temporal's frontend as `host:port`."""
    namespace: Annotated[str, Field(examples=["wgshop"])] = "wgshop"
    """Temporal's namespace; in Temporal Cloud with the account: `wgshop.a1b2c`."""
    tls: bool = False
    """Whether to speak TLS to Temporal; Temporal Cloud needs it."""
    tls_ca: Annotated[FilePath | None, Field(examples=["/etc/wgshop/temporal-ca.pem"])] = None
    """File with the certificate authority of Temporal's server; without it the system's."""
    tls_cert: Annotated[FilePath | None, Field(examples=["/etc/wgshop/temporal.pem"])] = None
    """File with our client certificate, for mutual TLS."""
    tls_key: Annotated[
        FilePath | None,
        Field(validate_default=True, examples=["/etc/wgshop/temporal.key"]),
    ] = None
    """File with the client certificate's private key."""
    api_key: Annotated[SecretStr | None, Field(examples=["eyJhbGciOi..."])] = None
    """Temporal Cloud's API key, instead of a client certificate."""

    @field_validator("tls_key")
    @classmethod
    def _goes_with_the_certificate(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        if (key is None) != (info.data.get("tls_cert") is None):
            raise ValueError("TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY go together: set both")
        return key


class EncryptionSettings(SettingsGroup):
    """Encryption at rest, of Temporal's payloads and of keys in PostgreSQL."""

    model_config = SettingsConfigDict(env_prefix="ENCRYPTION_")

    keys: Annotated[SecretStr, Field(examples=["2026a:<base64 of 32 bytes>"])]
    """Comma list of `id:base64 of 32 bytes`; the first seals, the others only open."""

    @field_validator("keys")
    @classmethod
    def _is_a_key_ring(cls, keys: SecretStr) -> SecretStr:
        KeyRing.parse(keys.get_secret_value())
        return keys

    def key_ring(self) -> KeyRing:
        """The ring that the setting describes."""
        return KeyRing.parse(self.keys.get_secret_value())


class TelegramMode(StrEnum):
    """How updates come."""

    WEBHOOK = "webhook"
    POLLING = "polling"


class TelegramSettings(SettingsGroup):
    """The bot, and the chats of people."""

    model_config = SettingsConfigDict(env_prefix="TELEGRAM_")

    bot_token: Annotated[SecretStr, Field(examples=["123456789:AAExampleTokenFromBotFather"])]
    """The bot's token, as @BotFather gave it."""
    api_url: BaseUrl = "https://api.telegram.org"
    """Address of the Bot API; another for an own Bot API server or the sandbox."""
    mode: TelegramMode = TelegramMode.WEBHOOK
    """`webhook`: Telegram calls us; `polling`: we ask, and no public address is needed."""
    public_url: Annotated[
        BaseUrl | None,
        Field(validation_alias="PUBLIC_URL", examples=["https://shop.example.com"]),
    ] = None
    """The shop's public address; without one use `TELEGRAM_MODE=polling`."""
    webhook_url: Annotated[
        BaseUrl | None,
        Field(validate_default=True, examples=["https://shop.example.com/webhook"]),
    ] = None
    """Where Telegram sends updates; `<PUBLIC_URL>/webhook` when not set."""
    webhook_secret: Annotated[
        SecretStr | None,
        Field(validate_default=True, examples=["a-random-text-of-letters_and_digits"]),
    ] = None
    """What Telegram repeats in each call, 1 to 256 of `A-Z a-z 0-9 _ -`; needed for webhooks."""
    admin_chat_id: Annotated[
        int | None, Field(validation_alias="ADMIN_CHAT_ID", examples=["-1001234567890"])
    ] = None
    """The staff's chat, where alarms go; without it they only go to the log."""
    staff_language: Annotated[Language, Field(validation_alias="STAFF_LANGUAGE")] = Language.RUSSIAN
    """The language of alarms: `ru` or `en`."""
    support_contact: Annotated[
        str | None, Field(validation_alias="SUPPORT_CONTACT", examples=["@shop_support"])
    ] = None
    """Whom customers may write to: a @handle or an address."""

    @field_validator("bot_token")
    @classmethod
    def _is_a_bot_token(cls, token: SecretStr) -> SecretStr:
        if not re.fullmatch(r"\d+:[\w-]+", token.get_secret_value(), re.ASCII):
            raise ValueError("expected digits, a colon, and letters, digits, _ or -")
        return token

    @field_validator("webhook_url")
    @classmethod
    def _defaults_to_the_public_address(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url is not None or "public_url" not in info.data:  # then PUBLIC_URL is malformed
            return url
        if info.data["public_url"] is not None:
            return f"{info.data['public_url']}/webhook"
        if info.data.get("mode") is TelegramMode.WEBHOOK:
            raise ValueError("set it or PUBLIC_URL, or choose TELEGRAM_MODE=polling")
        return None

    @field_validator("webhook_secret")
    @classmethod
    def _is_what_telegram_allows(
        cls, secret: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        # The alphabet and length of setWebhook's secret_token (core.telegram.org/bots/api).
        if secret is None:
            if info.data.get("mode") is TelegramMode.WEBHOOK:
                raise ValueError("needed when TELEGRAM_MODE=webhook")
        elif not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret.get_secret_value()):
            raise ValueError("expected 1 to 256 of A-Z a-z 0-9 _ -")
        return secret


class PaymentSettings(SettingsGroup):
    """How customers may pay in Telegram."""

    model_config = SettingsConfigDict(env_prefix="PAYMENT_")

    cards: bool = True
    """Whether the bot sells for roubles, on YooKassa's page. Telegram's terms ask for Stars."""
    stars: Annotated[bool, Field(validate_default=True)] = True
    """Whether the bot sells for Telegram Stars, where a plan has a price in them."""

    @field_validator("stars")
    @classmethod
    def _something_is_left(cls, stars: bool, info: ValidationInfo) -> bool:
        if not stars and info.data.get("cards") is False:
            raise ValueError("PAYMENT_CARDS is off: turn one of the two on")
        return stars

    def accepted(self) -> tuple[Provider, ...]:
        """Who may collect."""
        ways = ((self.cards, Provider.YOOKASSA), (self.stars, Provider.STARS))
        return tuple(provider for is_on, provider in ways if is_on)


class YooKassaSettings(SettingsGroup):
    """The payment provider."""

    model_config = SettingsConfigDict(env_prefix="YOOKASSA_")

    shop_id: Annotated[str, Field(pattern=r"^\S+$", examples=["100500"])]
    """The shop's id in YooKassa."""
    secret_key: Annotated[SecretStr, Field(min_length=1, examples=["live_... or test_..."])]
    """The secret key of YooKassa's API, from the merchant's cabinet."""
    api_url: BaseUrl = "https://api.yookassa.ru/v3"
    """Address of YooKassa's API; another for the sandbox."""
    return_url: Annotated[BaseUrl, Field(max_length=2048, examples=["https://t.me/your_bot"])]
    """Where the payment page sends the payer afterwards: best the bot."""
    notification_networks: Annotated[Networks, Field(examples=["127.0.0.0/8, ::1/128"])] = (
        # https://yookassa.ru/developers/using-api/webhooks; the SDK's own list lacks most of
        # the IPv6 network.
        IPv4Network("185.71.76.0/27"),
        IPv4Network("185.71.77.0/27"),
        IPv4Network("77.75.153.0/25"),
        IPv4Network("77.75.154.128/25"),
        IPv4Network("77.75.156.11/32"),
        IPv4Network("77.75.156.35/32"),
        IPv6Network("2a02:5180::/32"),
    )
    """Networks whose notifications are believed enough to ask YooKassa: comma list of CIDRs."""
    receipts: bool = False
    """Whether YooKassa sends receipts (54-FZ); then the bot asks for an e-mail address."""
    vat_code: Annotated[int | None, Field(ge=1, le=12, validate_default=True, examples=[1])] = None
    """VAT rate on receipts, 1 (none) to 12, as YooKassa numbers them; needed for receipts."""
    tax_system_code: Annotated[int | None, Field(ge=1, le=6, examples=[2])] = None
    """Tax system on receipts, 1 to 6; not needed for YooKassa's own receipts."""

    @field_validator("vat_code")
    @classmethod
    def _is_needed_for_receipts(cls, code: int | None, info: ValidationInfo) -> int | None:
        if code is None and info.data.get("receipts"):
            raise ValueError("needed when YOOKASSA_RECEIPTS is on")
        return code


class VpnSettings(SettingsGroup):
    """How the shop enters its VPN servers."""

    model_config = SettingsConfigDict(env_prefix="VPN_")

    ssh_key_file: Annotated[FilePath | None, Field(examples=["/etc/wgshop/id_ed25519"])] = None
    """File with the key, instead of `VPN_SSH_KEY`."""
    ssh_key: Annotated[
        SecretStr,
        Field(validate_default=True, examples=["-----BEGIN OPENSSH PRIVATE KEY----- ..."]),
    ] = SecretStr("")
    """The private key that opens the VPN servers, as PEM text; or set `VPN_SSH_KEY_FILE`."""
    calls_per_server: Annotated[int, Field(ge=1, le=OPENSSH_SESSIONS)] = LineLimits().calls
    """How many calls to one VPN server a worker makes at once."""
    waiting_per_server: Annotated[int, Field(ge=0)] = LineLimits().waiting
    """How many more may wait for one of those; the rest come again later."""
    work_at_once: Annotated[int, Field(ge=1, le=2000, validate_default=True)] = 200
    """How much work for all VPN servers a worker takes at once; several times one server's."""

    @field_validator("ssh_key")
    @classmethod
    def _is_a_private_key(cls, key: SecretStr, info: ValidationInfo) -> SecretStr:
        path = info.data.get("ssh_key_file")
        if not key and path is not None:
            try:
                key = SecretStr(path.read_text())
            except (OSError, UnicodeDecodeError):
                raise ValueError("VPN_SSH_KEY_FILE cannot be read as text") from None
        if not key:
            raise ValueError("set it or VPN_SSH_KEY_FILE")
        if not key.get_secret_value().lstrip().startswith("-----BEGIN "):
            raise ValueError("expected a PEM private key, also in VPN_SSH_KEY_FILE")
        return key

    @field_validator("work_at_once")
    @classmethod
    def _leaves_places_for_other_servers(cls, work: int, info: ValidationInfo) -> int:
        room = info.data.get("calls_per_server", 0) + info.data.get("waiting_per_server", 0)
        if work < 2 * room:
            raise ValueError(
                "must be twice VPN_CALLS_PER_SERVER and VPN_WAITING_PER_SERVER together, or more: "
                "one server may not take every place"
            )
        return work

    def line_limits(self) -> LineLimits:
        """What one server may have under way."""
        return LineLimits(calls=self.calls_per_server, waiting=self.waiting_per_server)


class ApiSettings(SettingsGroup):
    """The HTTP server: webhooks, the API for services, and links for customers."""

    public_url: Annotated[BaseUrl | None, Field(examples=["https://shop.example.com"])] = None
    """The shop's public address; without one use `TELEGRAM_MODE=polling`."""
    api_host: str = "127.0.0.1"
    """The address that the HTTP server listens on."""
    api_port: Port = 8080
    """The port that the HTTP server listens on; 0 takes a free one."""
    api_jwt_secret: Annotated[LongSecret, Field(examples=["32 or more random bytes"])]
    """Signs the API's access tokens; at least 32 bytes."""
    link_secret: Annotated[LongSecret, Field(examples=["32 or more other random bytes"])]
    """Signs the links to configurations and QR codes; at least 32 bytes."""
    trusted_proxies: Annotated[Networks, Field(examples=["10.0.0.0/8"])] = ()
    """Networks of reverse proxies whose `X-Forwarded-For` is believed: comma list of CIDRs."""
    codec_token: Annotated[LongSecret | None, Field(examples=["32 or more random bytes"])] = None
    """The staff's token for decrypting payloads in the Temporal UI; without it that is off."""
    temporal_ui_url: Annotated[BaseUrl | None, Field(examples=["http://127.0.0.1:8233"])] = None
    """The Temporal UI's address, from which the browser may ask for decryption (CORS)."""


class WorkerSettings(SettingsGroup):
    """The process that runs workflows and activities."""

    metrics_host: str = "127.0.0.1"
    """The address that the worker's Prometheus metrics are served on."""
    metrics_port: Port = 9464
    """The port of the worker's Prometheus metrics, the Temporal SDK's among them."""
    shutdown_grace: Seconds = timedelta(seconds=25)
    """Time for running activities to finish at a stop, in seconds; under Kubernetes' own 30."""


class LogFormat(StrEnum):
    """How a log line looks."""

    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """From which level on events are logged."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogSettings(SettingsGroup):
    """The log, on standard output."""

    model_config = SettingsConfigDict(env_prefix="LOG_")

    level: LogLevel = LogLevel.INFO
    """DEBUG, INFO, WARNING or ERROR."""
    format: LogFormat = LogFormat.JSON
    """`json` for machines, `console` for people."""


class PolicySettings(SettingsGroup):
    """The patience of new purchases; those under way keep what they began with."""

    model_config = SettingsConfigDict(env_prefix="PURCHASE_")

    payment_window: Seconds = _DEFAULT_POLICY.payment_window
    """How long a payment page is offered, in seconds; YooKassa's pages live an hour."""
    late_watch: Seconds = _DEFAULT_POLICY.late_watch
    """How long after that a payment that is still pending is watched, in seconds."""
    first_poll: Seconds = _DEFAULT_POLICY.first_poll
    """When YooKassa is first asked if no notification came, in seconds."""
    slowest_poll: Seconds = _DEFAULT_POLICY.slowest_poll
    """The longest pause between two such questions, in seconds."""
    invoice_budget: Seconds = _DEFAULT_POLICY.invoice_budget
    """How long to keep asking a silent provider for a payment page, in seconds."""
    swift_setup: Seconds = _DEFAULT_POLICY.swift_setup
    """After how long a set-up counts as delayed and the customer is told, in seconds."""
    setup_budget: Seconds = _DEFAULT_POLICY.setup_budget
    """After how long a set-up that fails parks with an alarm, in seconds."""
    setup_pause: Seconds = _DEFAULT_POLICY.setup_pause
    """The pause between tries of a delayed set-up, in seconds."""
    park_patience: Seconds = _DEFAULT_POLICY.park_patience
    """How long a parked purchase waits for a person, in seconds."""

    @field_validator("setup_budget")
    @classmethod
    def _leaves_time_after_the_swift_tries(
        cls, budget: timedelta, info: ValidationInfo
    ) -> timedelta:
        swift = info.data.get("swift_setup")
        if swift is not None and budget <= swift:
            raise ValueError("must be longer than PURCHASE_SWIFT_SETUP")
        return budget

    def policy(self) -> PurchasePolicy:
        """The policy for new purchases."""
        return PurchasePolicy.model_validate(self.model_dump())


GROUPS: tuple[type[SettingsGroup], ...] = (
    TelegramSettings,
    PaymentSettings,
    YooKassaSettings,
    DatabaseSettings,
    TemporalSettings,
    EncryptionSettings,
    VpnSettings,
    ApiSettings,
    WorkerSettings,
    LogSettings,
    PolicySettings,
)
"""Every group, in the order of the README's table."""
