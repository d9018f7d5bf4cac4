"""Workflows that are asleep somewhere must wake up under today's code.

`record_histories.py` says when and how the histories are recorded.
"""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tests.workflows.record_histories import HISTORIES
from tests.workflows.stories import STORIES
from workers.shop_worker import WORKFLOWS, sandbox_runner

RECORDED = sorted(HISTORIES.rglob("*.json"))


@pytest.fixture(scope="module")
def replayer() -> Replayer:
    return Replayer(
        workflows=WORKFLOWS,
        data_converter=pydantic_data_converter,
        workflow_runner=sandbox_runner(),
    )


@pytest.mark.parametrize(
    "file", RECORDED, ids=[f"{file.parent.name}-{file.stem}" for file in RECORDED]
)
async def test_a_recorded_history_replays(replayer: Replayer, file: Path) -> None:
    await replayer.replay_workflow(_history(file))


def test_every_story_has_been_recorded() -> None:
    told = {
        HISTORIES / workflow / f"{case}.json" for workflow in STORIES for case in STORIES[workflow]
    }

    assert told <= set(RECORDED)


def _history(file: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(f"{file.parent.name}:{file.stem}", file.read_text())
