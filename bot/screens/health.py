"""The alarms for staff about the fleet: a server fell or came back, or no room is left to sell."""

from bot.phrasebook import N_, Phrasebook
from bot.screens.screen import Screen
from domain.health import FullAlarm, Health, HealthRecord, Symptom

_TITLES = {
    Health.HEALTHY: N_("health.healthy"),
    Health.SUSPECT: N_("health.suspect"),
    Health.DOWN: N_("health.down"),
}
_SYMPTOMS = {
    Symptom.GONE: N_("symptom.gone"),
    Symptom.NO_PROGRAM: N_("symptom.no_program"),
    Symptom.REFUSES: N_("symptom.refuses"),
    Symptom.INTERFACE: N_("symptom.interface"),
    Symptom.BLOCKED: N_("symptom.blocked"),
    Symptom.UNREACHED: N_("symptom.unreached"),
    Symptom.NOTHING_PASSES: N_("symptom.nothing_passes"),
}


def health_alarm_screen(phrases: Phrasebook, record: HealthRecord) -> Screen:
    """What is wrong with the server, what it means for customers, and what a person can do."""
    paragraphs = [phrases.say(_TITLES[record.health], server=record.slug)]
    if record.symptom is not None:
        paragraphs.append(phrases.say(_SYMPTOMS[record.symptom], server=record.slug))
    if record.detail:
        paragraphs.append(phrases.say("health.detail", detail=record.detail))
    return Screen(text="\n\n".join(paragraphs))


def full_alarm_screen(phrases: Phrasebook, alarm: FullAlarm) -> Screen:
    """Which plans cannot be sold, and how to make room."""
    return Screen(text=phrases.say("fleet.full", plans=", ".join(alarm.plans)))
