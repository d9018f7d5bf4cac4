"""Records the histories that `test_replay.py` replays.

    python -m tests.workflows.record_histories Subscription/ended Subscription/renewed

Run it for the stories that are new, or whose commands changed behind `workflow.patched`: then move
the old files into the folder of the release that made them, because workflows that began before the
change still have such histories (`first_release/` holds those that knew no plan's reminders). A
change without `patched` that makes `test_replay.py` fail would break purchases under way: mend the
change, do not record anew.

Each story is played on a real Temporal server with the neighbours in memory. Nothing is
encrypted, so that the files replay anywhere and a reviewer can read them.
"""

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter

from sandbox.ports import LOOPBACK, free_ports
from sandbox.temporal_server import temporal_child
from temporal.namespace import prepare_namespace
from tests.workflows.shop import Shop
from tests.workflows.stories import STORIES, Story

HISTORIES = Path(__file__).parent.parent / "histories"


async def record(wanted: set[str]) -> None:
    """Play the stories, named `<workflow>/<case>`, and write their histories down."""
    with TemporaryDirectory() as folder:
        (port,) = free_ports(0)
        log = Path(folder) / "log"
        server = temporal_child(Path(folder), port=port, ui_port=None, codec=None, log=log, env={})
        await server.start()
        try:
            for name in sorted(wanted):
                workflow, case = name.split("/")
                story = STORIES[workflow][case]
                await _record(f"{LOOPBACK}:{port}", story, HISTORIES / f"{name}.json")
        finally:
            await server.stop()


async def _record(address: str, story: Story, file: Path) -> None:
    client = await Client.connect(
        address,
        namespace=f"{file.parent.name}-{file.stem}",
        data_converter=pydantic_data_converter,
        # The default tells this machine's name.
        identity="recorder",
    )
    await prepare_namespace(client)
    shop = Shop(client)
    async with shop.at_work():
        run = await story(shop)
        history = await run.fetch_history()
    _write(file, history)
    print(f"{file.relative_to(HISTORIES)}: {len(history.events)} events")  # noqa: T201  # a script


def _write(file: Path, history: WorkflowHistory) -> None:
    document = json.loads(history.to_json(), object_hook=_without_stack_trace)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{json.dumps(document, indent=1, ensure_ascii=False)}\n")


def _without_stack_trace(part: dict[str, Any]) -> dict[str, Any]:
    """Replaying needs none, and it names this machine's folders."""
    return {name: value for name, value in part.items() if name != "stackTrace"}


if __name__ == "__main__":
    asyncio.run(record(set(sys.argv[1:])))
