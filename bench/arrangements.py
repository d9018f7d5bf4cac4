"""Ways in which work for many servers can share one worker, and a workflow that sets a peer up."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import Priority
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

from activities.interceptor import ShopInterceptor
from bench.fleet import Fleet, new_peer
from domain.model import Value
from domain.servers import Peer
from infra.admission import LineLimits
from infra.wireguard import SshPeerGateway
from workflows.options import SERVER, StepOptions

WORKFLOWS_QUEUE = "bench"
SHARED_QUEUE = "bench-vpn"
UNBOUNDED = LineLimits(calls=4, waiting=1_000_000, silent=1_000_000)
"""The gateway as it was: whoever comes waits."""


class Arrangement(NamedTuple):
    """One way."""

    name: str
    places: int
    """For activities, in each worker."""
    limits: LineLimits = UNBOUNDED
    queue_each: bool = False
    """A task queue and a worker for each server."""
    is_fair: bool = False
    """Fairness keys, and the server's setting for them."""

    def queue_of(self, slug: str) -> str:
        """Where a server's work goes."""
        return f"{SHARED_QUEUE}:{slug}" if self.queue_each else SHARED_QUEUE

    @property
    def dynamic_config(self) -> Sequence[str]:
        """What the Temporal server has to be told."""
        return ("matching.enableFairness=true",) if self.is_fair else ()


class SetUp(Value):
    """A peer to put on a server."""

    server: int
    """The place in the fleet."""
    number: int
    queue: str
    fairness_key: str | None


@workflow.defn(name="BenchSetUp")
class BenchSetUp:
    """The shop's own step, with its patience, and nothing around it."""

    @workflow.run
    async def run(self, order: SetUp) -> None:
        """Until the peer is there."""
        await workflow.execute_activity(
            "put_peer",
            order,
            priority=Priority(fairness_key=order.fairness_key),
            **(SERVER | StepOptions(task_queue=order.queue)),
        )


class PutPeer:
    """`VpnActivities.ensure_peer` without the ledger."""

    def __init__(self, fleet: Fleet, gateway: SshPeerGateway) -> None:
        self._servers = fleet.servers
        self._gateway = gateway
        self._peers: dict[tuple[int, int], Peer] = {}
        self.tries = 0

    @activity.defn
    async def put_peer(self, order: SetUp) -> None:
        """Put it there; a repeat asks for the same."""
        self.tries += 1
        which = (order.server, order.number)
        peer = self._peers.get(which) or new_peer(self._servers[order.server], order.number)
        self._peers[which] = peer
        await self._gateway.ensure_peer(peer)


@asynccontextmanager
async def at_work(way: Arrangement, client: Client, fleet: Fleet) -> AsyncIterator[PutPeer]:
    """Workers in that arrangement, until the block ends."""
    gateway = SshPeerGateway(fleet.ssh_key, limits=way.limits)
    steps = PutPeer(fleet, gateway)
    queues = dict.fromkeys(way.queue_of(server.slug) for server in fleet.servers)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(gateway.close)
        await stack.enter_async_context(
            Worker(
                client,
                task_queue=WORKFLOWS_QUEUE,
                workflows=[BenchSetUp],
                workflow_runner=UnsandboxedWorkflowRunner(),
            )
        )
        for queue in queues:
            await stack.enter_async_context(_vpn_worker(way, client, queue, steps))
        yield steps


def _vpn_worker(way: Arrangement, client: Client, queue: str, steps: PutPeer) -> Worker:
    return Worker(
        client,
        task_queue=queue,
        activities=[steps.put_peer],
        interceptors=[ShopInterceptor()],
        max_concurrent_activities=way.places,
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )
