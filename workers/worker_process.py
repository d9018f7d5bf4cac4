"""The worker process: it runs until it is told to stop, then finishes what it has in hand."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError

from infra.logs import configure_logging
from infra.settings import LogSettings, TemporalSettings, WorkerSettings, load
from temporal.client import connect
from temporal.schedules import keep_schedules
from workers.gateways import Gateways, GatewaySettings, open_gateways
from workers.heap import spare_what_stays
from workers.patience import until_there
from workers.shop_worker import build_workers
from workers.temporal_link import temporal_target

log = structlog.get_logger(__name__)


async def serve_worker(around: Callable[[Gateways], Gateways] = lambda same: same) -> None:
    """Run workflows and activities until SIGTERM or SIGINT.

    Args:
        around: Lets a test put something around the gateways, such as a sudden death.
    """
    configure_logging(load(LogSettings))
    # What they know of the workflow goes into fields, not into the text.
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False
    settings = load(WorkerSettings)
    gateway_settings = GatewaySettings.read()
    temporal = load(TemporalSettings)
    ring = gateway_settings.encryption.key_ring()
    async with AsyncExitStack() as stack:
        client = await until_there(
            "temporal",
            lambda: connect(temporal_target(temporal), ring, _runtime(settings)),
            (RuntimeError,),
        )
        gateways = await stack.enter_async_context(open_gateways(gateway_settings, client))
        stop = stop_signal()
        workers = build_workers(
            client,
            around(gateways),
            settings.shutdown_grace,
            vpn_places=gateway_settings.vpn.work_at_once,
        )
        for worker in workers:
            await stack.enter_async_context(worker)
        await _keep_schedules(client)
        spare_what_stays()
        log.info("worker.ready", namespace=client.namespace)
        await stop.wait()
        log.info("worker.stopping")


def stop_signal() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set.

    Ask for it once the neighbours are there: until then a signal ends the process at once.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _keep_schedules(client: Client) -> None:
    """Selling goes on without them, so a refusal is no reason not to start."""
    try:
        await keep_schedules(client)
    except RPCError as error:
        log.warning("worker.no_schedules", why=str(error))


def _runtime(settings: WorkerSettings) -> Runtime:
    address = f"{settings.metrics_host}:{settings.metrics_port}"
    return Runtime(
        telemetry=TelemetryConfig(
            metrics=PrometheusConfig(bind_address=address, durations_as_seconds=True)
        )
    )
