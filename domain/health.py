"""Whether a VPN server is well: what one look saw, and what several looks add up to.

One bad look makes a server suspect: it gets somebody new only where no other has room. Several in
a row make it down: nobody new, and the staff are called. It takes several good ones in a row to
come back from there, so that a server that comes and goes is not sold in between.
"""

from enum import StrEnum

from pydantic import AwareDatetime

from domain.canaries import Canary, CanaryReport, Handshake
from domain.ids import ServerId
from domain.model import Value
from domain.servers import Server, ServerInfo

BAD_LOOKS_TO_FALL = 3
GOOD_LOOKS_TO_RISE = 3


class Health(StrEnum):
    """Whether new customers come to a server."""

    HEALTHY = "healthy"
    SUSPECT = "suspect"
    """Only where no healthy one has room."""
    DOWN = "down"
    """Not at all."""


class Symptom(StrEnum):
    """What is wrong with a server."""

    GONE = "gone"
    """Neither the program nor the tunnel answers."""
    NO_PROGRAM = "no_program"
    """The program does not answer over SSH, and the tunnel works."""
    REFUSES = "refuses"
    """It shows another host key, or its program does not take what the shop says."""
    INTERFACE = "interface"
    """Its interface has another key, port or disguise than customers' files say."""
    BLOCKED = "blocked"
    """The program answers and nobody shakes hands: the network lets no tunnel through."""
    UNREACHED = "unreached"
    """Customers shake hands, and the shop's own canary does not."""
    NOTHING_PASSES = "nothing_passes"
    """The tunnel stands, and nothing comes back through it."""

    @property
    def harms_customers(self) -> bool:
        """Whether a customer would notice; otherwise the server is never more than suspect."""
        return self is not Symptom.UNREACHED


class Patient(Value):
    """A server to look at, with what the ledger expects to see there."""

    server: Server
    """As the canary tries it: a standby at its own address."""
    canary: Canary | None
    """None on a server that was registered by hand and never checked."""


class Census(Value):
    """How many peers the ledger expects on a server, read after the server was asked."""

    least: int
    """What it has confirmed to hold."""
    most: int
    """With those that are on their way in or out, and the strangers that were left alone."""
    has_guests: bool
    """Whether a customer has shaken hands with it in the last minutes."""

    def agrees_with(self, count: int) -> bool:
        """Whether a server with so many peers is as it should be."""
        return self.least <= count <= self.most


class Look(Value):
    """What one look saw."""

    symptom: Symptom | None = None
    detail: str = ""
    has_drifted: bool = False
    """It holds another number of peers than it should: it has to be reconciled."""

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return self.symptom is None


class HealthRecord(Value):
    """What is known of a server's health."""

    server_id: ServerId
    slug: str
    health: Health = Health.HEALTHY
    symptom: Symptom | None = None
    """Of the last bad look, while the server is not healthy."""
    detail: str = ""
    bad_looks: int = 0
    """In a row; at most as many as are needed."""
    good_looks: int = 0
    since: AwareDatetime
    """When it became what it is."""
    told: Health = Health.HEALTHY
    """What the staff know of it."""

    def after(self, look: Look, now: AwareDatetime) -> "HealthRecord":
        """With one more look."""
        bad, good = self._bad_looks(look), self._good_looks(look)
        health = self._health(look, bad, good)
        is_well = health is Health.HEALTHY
        return self.model_copy(
            update={
                "health": health,
                "symptom": None if is_well else look.symptom or self.symptom,
                "detail": "" if is_well else look.detail or self.detail,
                "bad_looks": bad,
                "good_looks": good,
                "since": self.since if health is self.health else now,
            }
        )

    def _bad_looks(self, look: Look) -> int:
        """In a row, and of one kind: looks that harm nobody do not help to take a server down."""
        if look.symptom is None:
            return 0
        harms = look.symptom.harms_customers
        is_other = self.symptom is not None and self.symptom.harms_customers is not harms
        return min((0 if is_other else self.bad_looks) + 1, BAD_LOOKS_TO_FALL)

    def _good_looks(self, look: Look) -> int:
        """In a row; for a server that is down, one that harms nobody is good enough."""
        is_calm = look.symptom is not None and not look.symptom.harms_customers
        counts = look.is_good or (self.health is Health.DOWN and is_calm)
        return min(self.good_looks + 1, GOOD_LOOKS_TO_RISE) if counts else 0

    def _health(self, look: Look, bad: int, good: int) -> Health:
        has_risen = good >= GOOD_LOOKS_TO_RISE
        if look.symptom is None:
            return Health.HEALTHY if has_risen or self.health is Health.HEALTHY else self.health
        if self.health is Health.DOWN and not has_risen:
            return Health.DOWN
        has_fallen = bad >= BAD_LOOKS_TO_FALL and look.symptom.harms_customers
        return Health.DOWN if has_fallen else Health.SUSPECT

    @property
    def news(self) -> Health | None:
        """What the staff have to be told; None while they know, or while it is not certain."""
        is_certain = self.health is not Health.SUSPECT or self.bad_looks >= BAD_LOOKS_TO_FALL
        return self.health if is_certain and self.health is not self.told else None


class HealthAlarm(Value):
    """A call for a person: a server fell, or has come back."""

    record: HealthRecord

    @property
    def occasion(self) -> str:
        """One alarm for each."""
        return f"{self.record.health}:{self.record.since:%Y-%m-%dT%H:%M:%S.%f}"


class FullAlarm(Value):
    """A call for a person: plans that nobody can buy, because no server has room for them."""

    plans: tuple[str, ...]
    """Their slugs."""
    occasion: str
    """One alarm for each."""


class Round(Value):
    """What a look at every server came to."""

    records: tuple[HealthRecord, ...]
    """As they are now."""
    drifted: tuple[ServerId, ...]
    """Those that have to be reconciled."""
    plans_without_room: tuple[str, ...] = ()


def differences(server: Server, info: ServerInfo) -> tuple[str, ...]:
    """What the interface says of itself, against the files that customers have."""
    found = []
    if info.public_key != server.public_key:
        found.append("its interface has another key than the ledger")
    if info.listen_port != server.endpoint_port:
        found.append(f"it listens on UDP port {info.listen_port}, not {server.endpoint_port}")
    if server.obfuscation is not None and not server.obfuscation.agrees_with(info.obfuscation):
        found.append("its AmneziaWG parameters are not the ledger's")
    return tuple(found)


def look_of(
    server: Server,
    answer: ServerInfo | Symptom,
    detail: str,
    report: CanaryReport | None,
    census: Census,
) -> Look:
    """What a look saw.

    Args:
        server: as the ledger knows it.
        answer: what its program said, or why it said nothing (`GONE` or `REFUSES`).
        detail: the words of that.
        report: how the canary fared; None where there is none.
        census: whom the ledger expects there.
    """
    if isinstance(answer, Symptom):
        tunnel_works = report is not None and report.is_well
        is_silent = answer is Symptom.GONE and tunnel_works
        return Look(symptom=Symptom.NO_PROGRAM if is_silent else answer, detail=detail)
    wrong = differences(server, answer)
    has_drifted = not census.agrees_with(answer.peer_count)
    if wrong:
        return Look(symptom=Symptom.INTERFACE, detail="; ".join(wrong), has_drifted=has_drifted)
    symptom = None if report is None else _symptom_of(report, census)
    words = "" if report is None or symptom is None else report.detail
    return Look(symptom=symptom, detail=words, has_drifted=has_drifted)


def _symptom_of(report: CanaryReport, census: Census) -> Symptom | None:
    if report.handshake in {Handshake.SILENT, Handshake.UNREACHABLE}:
        return Symptom.UNREACHED if census.has_guests else Symptom.BLOCKED
    return Symptom.NOTHING_PASSES if report.passes is False else None
