"""AmneziaWG: WireGuard with its packets disguised, for networks that drop plain WireGuard.

Server and client must agree in S1, S2 and H1 to H4: one that differs is a tunnel through which
nothing passes, without an error anywhere. Jc, Jmin and Jmax are the client's own affair.
"""

from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from domain.model import Value

INITIATION_BYTES = 148
"""WireGuard's first message; the padding must fit in front of it."""
RESPONSE_BYTES = 92
SMALLEST_MTU = 1280
PLAIN_MESSAGE_TYPES = 4
"""H1 to H4 take the place of WireGuard's own 1 to 4, so they are larger."""

Header = Annotated[int, Field(gt=PLAIN_MESSAGE_TYPES, lt=2**31)]


class TunnelTool(StrEnum):
    """The command that configures a server's interface."""

    WG = "wg"
    AWG = "awg"


class Obfuscation(Value):
    """A server's AmneziaWG parameters, of the first generation: every client app knows these."""

    jc: Annotated[int, Field(ge=1, le=128)] = 4
    """How many packets of noise a client sends before it greets the server."""
    jmin: Annotated[int, Field(ge=1)] = 40
    jmax: Annotated[int, Field(lt=SMALLEST_MTU)] = 70
    s1: Annotated[int, Field(ge=0, le=SMALLEST_MTU - INITIATION_BYTES)]
    """Bytes of noise in front of the client's first message."""
    s2: Annotated[int, Field(ge=0, le=SMALLEST_MTU - RESPONSE_BYTES)]
    """The same for the server's answer."""
    h1: Header
    h2: Header
    h3: Header
    h4: Header

    @model_validator(mode="after")
    def _tells_messages_apart(self) -> Self:
        """The rules of amneziawg-go, which otherwise takes one message for another."""
        if self.jmin > self.jmax:
            raise ValueError("Jmin must not be larger than Jmax")
        if self.s1 + INITIATION_BYTES == self.s2 + RESPONSE_BYTES:
            raise ValueError("S1 + 56 must not be S2: both messages would have one length")
        headers = sorted((self.h1, self.h2, self.h3, self.h4))
        if any(one == other for one, other in pairwise(headers)):
            raise ValueError("H1, H2, H3 and H4 must all differ")
        return self

    def agrees_with(self, told: Mapping[str, str]) -> bool:
        """Whether an interface with these settings understands clients that have ours."""
        shared = self.model_dump(include={"s1", "s2", "h1", "h2", "h3", "h4"})
        return all(told.get(name.capitalize()) == str(value) for name, value in shared.items())

    def lines(self) -> tuple[str, ...]:
        """What the `[Interface]` section of either side's file says of it."""
        return tuple(f"{name.capitalize()} = {value}" for name, value in self.model_dump().items())
