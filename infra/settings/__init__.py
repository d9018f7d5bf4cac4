"""Every setting of every process, in frozen groups: a process loads the groups that it needs.

A value comes from the environment, else from `.env`, else from a file that is named like the
setting in the secrets directory (`WGSHOP_SECRETS_DIR`, or `/run/secrets` where it exists).
An empty value counts as absent, as Compose files write it.
"""

from infra.settings.groups import (
    GROUPS,
    ApiSettings,
    DatabaseSettings,
    EncryptionSettings,
    LogFormat,
    LogLevel,
    LogSettings,
    PaymentSettings,
    PolicySettings,
    TelegramMode,
    TelegramSettings,
    TemporalSettings,
    VpnSettings,
    WorkerSettings,
    YooKassaSettings,
)
from infra.settings.kinds import SettingsGroup
from infra.settings.loading import load
from infra.settings.names import setting_name, settings_table

__all__ = [
    "GROUPS",
    "ApiSettings",
    "DatabaseSettings",
    "EncryptionSettings",
    "LogFormat",
    "LogLevel",
    "LogSettings",
    "PaymentSettings",
    "PolicySettings",
    "SettingsGroup",
    "TelegramMode",
    "TelegramSettings",
    "TemporalSettings",
    "VpnSettings",
    "WorkerSettings",
    "YooKassaSettings",
    "load",
    "setting_name",
    "settings_table",
]
