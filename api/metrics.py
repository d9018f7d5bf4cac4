"""What Prometheus may ask of the API: requests by route, webhooks by outcome, purchases begun."""

from enum import StrEnum
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds; 20 ms is what a webhook aims for, 1 s its limit."""

_NO_ROUTE = "unmatched"
"""One label for every unknown address, or a scanner would fill the memory with labels."""


class Source(StrEnum):
    """Who knocks."""

    TELEGRAM = "telegram"
    YOOKASSA = "yookassa"


class Outcome(StrEnum):
    """What became of a webhook call."""

    HANDLED = "handled"
    REPEATED = "repeated"
    """Stored and handled before."""
    UNKNOWN = "unknown"
    """Well-formed, about nothing of ours."""
    FAILED = "failed"
    """A bug: logged, and not asked for again."""
    POSTPONED = "postponed"
    """A part of the shop was away: the sender is asked to repeat."""


class ApiMetrics:
    """The counters of one application, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "wgshop_http_request_seconds",
            "Time to answer a request, by route template and status.",
            ("method", "route", "status"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._webhooks = Counter(
            "wgshop_webhooks_total",
            "Webhook calls from verified senders, by outcome.",
            ("source", "outcome"),
            registry=self.registry,
        )
        self._purchases = Counter(
            "wgshop_api_purchases_total",
            "Purchases begun through the HTTP API.",
            registry=self.registry,
        )

    def note_webhook(self, source: Source, outcome: Outcome) -> None:
        """Count a webhook call."""
        self._webhooks.labels(source, outcome).inc()

    def note_purchase(self) -> None:
        """Count a purchase that began here."""
        self._purchases.inc()

    def exposition(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry)


class RequestTimes:
    """ASGI middleware: measures each request until its last byte is handed over."""

    def __init__(self, app: ASGIApp, metrics: ApiMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        began = perf_counter()

        async def noting_the_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting_the_status)
        finally:
            labels = (scope["method"], route_of(scope), str(status))
            self._metrics.requests.labels(*labels).observe(perf_counter() - began)


def route_of(scope: Scope) -> str:
    """The template of the route that answered, such as `/c/{token}/qr.png`: never the path."""
    return str(getattr(scope.get("route"), "path", _NO_ROUTE))
