"""What a device has transferred, added up from a server's counters, which begin anew at times."""

from datetime import datetime, timedelta

from domain.model import Value
from domain.servers import PeerStatistics

ONLINE_WITHIN = timedelta(minutes=4)
"""A connected device shakes hands every two minutes and its session dies after three without it
(WireGuard's paper, section 6.1); the counters are up to a minute old."""


class Traffic(Value):
    """Bytes since a device was added, and when it was last heard of."""

    latest_handshake: datetime | None = None
    received_bytes: int = 0
    """What the customer sent."""
    sent_bytes: int = 0
    """What the customer received."""

    @property
    def total_bytes(self) -> int:
        """Both directions."""
        return self.received_bytes + self.sent_bytes

    def is_online(self, now: datetime) -> bool:
        """Whether the tunnel is up, as far as the last count knows."""
        return self.latest_handshake is not None and now - self.latest_handshake < ONLINE_WITHIN


class Tally(Value):
    """A device's traffic on one server, and the server's own counters when they were last read."""

    traffic: Traffic
    counted_key: str
    counted_received: int
    counted_sent: int

    @classmethod
    def begun(cls, peer: PeerStatistics) -> "Tally":
        """The first count of a device on a server."""
        traffic = Traffic(
            latest_handshake=peer.latest_handshake,
            received_bytes=peer.received_bytes,
            sent_bytes=peer.sent_bytes,
        )
        return cls(
            traffic=traffic,
            counted_key=peer.public_key,
            counted_received=peer.received_bytes,
            counted_sent=peer.sent_bytes,
        )

    def after(self, peer: PeerStatistics) -> "Tally":
        """With what is new in the counters; the same where they are an old answer that came late.

        Counters that are lower than before were begun anew, by a restart or with another key. That
        shows in the handshake: there is none yet, or a later one than before.
        """
        if self._is_continued_by(peer):
            new_received = peer.received_bytes - self.counted_received
            new_sent = peer.sent_bytes - self.counted_sent
        elif self._is_followed_by(peer):
            new_received, new_sent = peer.received_bytes, peer.sent_bytes
        else:
            return self
        known = self.traffic
        traffic = Traffic(
            latest_handshake=_later(known.latest_handshake, peer.latest_handshake),
            received_bytes=known.received_bytes + new_received,
            sent_bytes=known.sent_bytes + new_sent,
        )
        return Tally.begun(peer).model_copy(update={"traffic": traffic})

    def _is_continued_by(self, peer: PeerStatistics) -> bool:
        return (
            peer.public_key == self.counted_key
            and peer.received_bytes >= self.counted_received
            and peer.sent_bytes >= self.counted_sent
        )

    def _is_followed_by(self, peer: PeerStatistics) -> bool:
        before, now = self.traffic.latest_handshake, peer.latest_handshake
        return peer.public_key != self.counted_key or now is None or before is None or now > before


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((each for each in (one, other) if each is not None), default=None)
