"""Inviting friends: the customer's own link, and what it has brought."""

from bot.buttons import Place, back_to_menu, opens
from bot.phrasebook import N_, Phrasebook
from bot.screens.screen import Screen
from bot.screens.sharing import shares
from domain.referrals import Invitation, RewardState, SettledReward

LINK_PREFIX = "ref_"
"""A link `https://t.me/<bot>?start=ref_<code>` says who invited."""


def friends_screen(phrases: Phrasebook, invitation: Invitation, link: str) -> Screen:
    """The link, what friends and inviter get, and how far it has come."""
    parts = [
        phrases.say("friends.title", link=link),
        *_promises(phrases, invitation),
        phrases.say(
            "friends.so_far",
            friends=invitation.friends,
            paid=invitation.friends_who_paid,
            granted=phrases.count("days", invitation.days_granted),
            to_come=phrases.count("days", invitation.days_to_come),
        ),
    ]
    rows = (shares(phrases, link, phrases.label("friends.words")), back_to_menu(phrases))
    return Screen(text="\n\n".join(parts), rows=rows)


def welcome_line(phrases: Phrasebook, welcome_percent: int) -> str:
    """What somebody reads who came by a friend's link."""
    if welcome_percent:
        return phrases.say("friends.welcome_discount", percent=welcome_percent)
    return phrases.say("friends.welcome")


def reward_screen(phrases: Phrasebook, reward: SettledReward) -> Screen:
    """The news of a reward."""
    mine = (opens(phrases.label("button.mine"), Place.MINE, fresh=True),)
    days = phrases.count("days", reward.days)
    if reward.state is RewardState.GRANTED and reward.expires_at is not None:
        end = phrases.moment(reward.expires_at)
        return Screen(text=phrases.say("friends.rewarded", days=days, end=end), rows=(mine,))
    return Screen(text=phrases.say("friends.credited", days=days), rows=(mine,))


def _promises(phrases: Phrasebook, invitation: Invitation) -> list[str]:
    promises = []
    if invitation.welcome_percent:
        key = N_("friends.promise_to_friend")
        promises.append(phrases.say(key, percent=invitation.welcome_percent))
    if invitation.reward_days:
        days = phrases.count("days", invitation.reward_days)
        promises.append(phrases.say("friends.promise_to_you", days=days))
    return promises
