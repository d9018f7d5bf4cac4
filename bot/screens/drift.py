"""The alarm for staff: a VPN server was not what the ledger says."""

from bot.phrasebook import N_, Phrasebook
from bot.screens.screen import Screen
from domain.reconciling import DriftAlarm, DriftNews

_TEXTS = {DriftNews.MENDED: N_("drift.mended"), DriftNews.STRANGERS: N_("drift.strangers")}
_KEYS_SHOWN = 10


def drift_alarm_screen(phrases: Phrasebook, alarm: DriftAlarm) -> Screen:
    """What was found on the server, and what a person can do about it."""
    drift = alarm.drift
    text = phrases.say(
        _TEXTS[alarm.news],
        server=alarm.server,
        missing=drift.missing,
        changed=drift.changed,
        returned=drift.returned,
        blocked=drift.blocked,
        number=len(drift.strangers),
        keys="\n".join(drift.strangers[:_KEYS_SHOWN]),
    )
    return Screen(text=text)
