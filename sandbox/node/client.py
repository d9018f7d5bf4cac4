"""For the demo and the tests: look at the peers on a node, and order its outages."""

import asyncio
import re

from pydantic import BaseModel, ConfigDict

from sandbox.node.commands import CommandFailed, run
from sandbox.node.gate import LOOPBACK
from sandbox.node.ready import Ready

ORDER_SECONDS = 5.0
_LIMIT = re.compile(r"limit down-(\S+) \{\s*rate over (\d+) ([km]?)bytes/second")
_SCALE = {"": 1, "k": 1024, "m": 1024**2}
_BYTES_A_MBIT = 125_000


class NodePeer(BaseModel):
    """A peer as `wg show dump` tells it, without its secret."""

    model_config = ConfigDict(frozen=True)

    public_key: str
    has_preshared_key: bool
    endpoint: str | None
    allowed_ips: tuple[str, ...]
    latest_handshake: int
    """Seconds since 1970; 0 is never."""
    received_bytes: int
    sent_bytes: int


async def peers_on(node: Ready) -> tuple[NodePeer, ...]:
    """The peers that the node's interface holds now, asked of the interface itself."""
    output = await run(node.wg, "show", node.interface, "dump")
    return tuple(_peer(line.split("\t")) for line in output.splitlines()[1:])


async def speeds_on(node: Ready) -> dict[str, float]:
    """Megabits a second to which it holds tunnel addresses, asked of the firewall itself."""
    try:
        output = await run(node.nft, "list", "table", "inet", f"wgshop_limits_{node.interface}")
    except CommandFailed:
        return {}  # There is no table before the first limit.
    return {
        address: int(rate) * _SCALE[unit] / _BYTES_A_MBIT
        for address, rate, unit in _LIMIT.findall(output)
    }


def _peer(row: list[str]) -> NodePeer:
    public_key, preshared_key, endpoint, allowed_ips, handshake, received, sent = row[:7]
    return NodePeer(
        public_key=public_key,
        has_preshared_key=preshared_key != "(none)",
        endpoint=None if endpoint == "(none)" else endpoint,
        allowed_ips=() if allowed_ips == "(none)" else tuple(allowed_ips.split(",")),
        latest_handshake=int(handshake),
        received_bytes=int(received),
        sent_bytes=int(sent),
    )


async def order(node: Ready, outage: str) -> None:
    """`up`, `down`, `hang` or `slow MILLISECONDS`; on return it is in force.

    Raises `ValueError` for another word.
    """
    answer = await _say(node, outage)
    if answer != "ok":
        raise ValueError(answer)


async def state_of(node: Ready) -> str:
    """The outage in force, in the words that order it; `up` when there is none."""
    return await _say(node, "state")


async def _say(node: Ready, line: str) -> str:
    async with asyncio.timeout(ORDER_SECONDS):
        reader, writer = await asyncio.open_connection(LOOPBACK, node.control_port)
        writer.write(f"{line}\n".encode())
        answer = (await reader.readline()).decode().strip()
        writer.close()
    return answer
