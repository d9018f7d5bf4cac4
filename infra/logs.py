"""One log for the whole process: our events and every library's, masked, one line each."""

import logging
import sys

import structlog
from structlog.types import EventDict, Processor

from infra.masking import mask_named
from infra.settings import LogFormat, LogSettings

_QUIET_LOGGERS = (
    "paramiko",  # each connection's key exchange
    "asyncio",
    "aiogram.event",  # a line for each update
    "httpx",
    "urllib3",  # addresses with query strings
    "uvicorn.access",  # customers' addresses, and links that are secrets
)

_STORIES = {"purchase", "subscription"}
"""The first words of workflow ids whose rest names what the workflow is about."""

_OWN_HANDLERS = ("uvicorn", "uvicorn.error", "uvicorn.access")


def configure_logging(settings: LogSettings) -> None:
    """Send structlog and the standard library's loggers to standard output as one stream.

    Times are ISO 8601 in UTC. Whatever is bound with `structlog.contextvars` (such as
    `purchase_id`) appears in every line. May be called again; the last call holds.
    """
    shared = _shared_processors()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=_rendering(settings.format)
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level)
    for name in _QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _OWN_HANDLERS:
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    logging.captureWarnings(capture=True)


def mask_event(_logger: object, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: hides secrets and personal data in a rendered event."""
    return {name: mask_named(name, value) for name, value in event.items()}


def name_the_story(_logger: object, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: says which purchase or subscription a line is about.

    Temporal's loggers attach what they know as one dictionary; our own bind `workflow_id`. Either
    becomes `workflow_id` and, by its first word, `purchase_id` or `subscription_id`.
    """
    for extra in ("temporal_workflow", "temporal_activity"):
        known = event.pop(extra, None)
        if isinstance(known, dict):
            event.setdefault("workflow_id", known.get("workflow_id"))
    kind, _, identifier = str(event.get("workflow_id") or "").partition(":")
    if kind in _STORIES:
        event.setdefault(f"{kind}_id", identifier)
    return event


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        name_the_story,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _rendering(log_format: LogFormat) -> list[Processor]:
    """From an event to a line; the traceback becomes text first, so that it is masked too."""
    last: Processor = (
        structlog.dev.ConsoleRenderer()
        if log_format is LogFormat.CONSOLE
        else structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    )
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        mask_event,
        last,
    ]
