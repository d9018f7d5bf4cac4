"""VPN nodes that are away, silent or slow: ordered at the door before each node's SSH server.

Tunnels that exist go on carrying packets: it is the shop that cannot reach the node.
"""

from collections.abc import Mapping
from typing import ClassVar

from sandbox.control_room.outages.outage import Outage
from sandbox.control_room.views import OutageKind, OutageView
from sandbox.node.client import order, state_of
from sandbox.node.ready import Ready

SLOWNESS_MS = 1000


class _AtTheDoor(Outage):
    """One order for every node."""

    words: ClassVar[str]

    def __init__(self, nodes: Mapping[str, Ready]) -> None:
        self._nodes = nodes

    async def _begin(self) -> None:
        for node in self._nodes.values():
            await order(node, self.words)

    async def _cure(self) -> None:
        for node in await self._broken():
            await order(self._nodes[node], "up")

    async def _look(self) -> OutageView:
        broken = await self._broken()
        return self._view(bool(broken), whom=", ".join(broken) or None)

    async def _broken(self) -> list[str]:
        return [slug for slug, node in self._nodes.items() if await state_of(node) == self.words]


class NodeDown(_AtTheDoor):
    """Nobody is at home."""

    kind = OutageKind.NODE_DOWN
    words = "down"


class NodeHangs(_AtTheDoor):
    """Somebody opens and says nothing."""

    kind = OutageKind.NODE_HANGS
    words = "hang"


class NodeSlow(_AtTheDoor):
    """A long way there and back."""

    kind = OutageKind.NODE_SLOW
    words = f"slow {SLOWNESS_MS}"
