"""What a plan's devices are held to, in words that promise no more than that."""

from bot.phrasebook import Phrasebook
from domain.plans import Plan


def limits_line(phrases: Phrasebook, plan: Plan) -> str | None:
    """`up to 50 Mbit/s`; None where the plan holds nobody to anything."""
    if plan.speed_mbit is None:
        return None
    return phrases.say("limits.speed", speed=plan.speed_mbit)
