"""Neighbours that come late, and one that never comes."""

import pytest

from domain.errors import NeighbourAway
from workers import patience
from workers.patience import until_there


async def test_a_neighbour_that_comes_late_is_waited_for() -> None:
    answers = iter([ConnectionRefusedError("not yet"), ConnectionRefusedError("not yet"), None])

    async def reach() -> str:
        if (error := next(answers)) is not None:
            raise error
        return "there"

    assert await until_there("postgresql", reach, (OSError,)) == "there"


async def test_a_neighbour_that_never_comes_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 0.01)

    async def reach() -> str:
        raise ConnectionRefusedError("nobody listens")

    with pytest.raises(NeighbourAway, match=r"postgresql did not answer.*nobody listens"):
        await until_there("postgresql", reach, (OSError,))


async def test_what_is_no_absence_is_not_waited_out() -> None:
    async def reach() -> str:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        await until_there("postgresql", reach, (OSError,))
