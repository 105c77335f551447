"""Chain time: asked of a localnet, which may drive its clock, or read from a cluster's clock sysvar."""

from __future__ import annotations

import time
from dataclasses import dataclass
from struct import unpack_from
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from secant_keeper.rpc import METHOD_NOT_FOUND, SHAPE_ERRORS, RpcRefusedError, RpcUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from secant_keeper.rpc import Rpc

CLOCK: Final = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
UNIX_TIMESTAMP_AT: Final = 32
DRIVEN_AFTER_S: Final = 86_400
"""A sysvar this far from the wall clock is driven; a nearer one only lags between transactions."""


RUN_AGAIN: Final = "let it run again: secant localnet-clock run"
"""What to do about a localnet's clock that stands still."""


@dataclass(frozen=True, slots=True)
class LocalClock:
    """A localnet's clock.

    Attributes:
        unix_timestamp: Its time in Unix seconds.
        is_driven: Whether it stands still until it is set, rather than following the wall clock.
    """

    unix_timestamp: int
    is_driven: bool


class ChainClock:
    """Reads and sets chain time.

    Attributes:
        frozen_at: Where a localnet's clock stands still, Unix seconds, as `now` found it; None if it runs.

    Args:
        rpc: The node.
        wall: Unix seconds by the local clock.
    """

    def __init__(self, rpc: Rpc, wall: Callable[[], float] = time.time) -> None:
        self._rpc = rpc
        self._wall = wall
        self._is_cluster = False
        self.frozen_at: int | None = None

    async def local(self) -> LocalClock | None:
        """A localnet's clock, read and not set; None of a cluster, which has none to ask.

        Raises:
            RpcError: The node does not answer as it should.
        """
        if self._is_cluster:
            return None
        try:
            answer = await self._rpc.call("localnet_getClock")
            return LocalClock(int(answer["unixTimestamp"]), bool(answer["driven"]))
        except RpcRefusedError as error:
            if error.code != METHOD_NOT_FOUND:
                raise
            self._is_cluster = True
            return None
        except SHAPE_ERRORS as error:
            raise RpcUnavailableError(f"localnet_getClock: an answer of no known shape: {error}") from error

    async def now(self) -> int:
        """Chain time in Unix seconds.

        Raises:
            RpcError: The node does not answer as it should.
        """
        local = await self.local()
        if local is not None:
            self.frozen_at = local.unix_timestamp if local.is_driven else None
            return local.unix_timestamp
        _, read = await self._rpc.accounts([CLOCK])
        data = read[0][2]
        if data is None or len(data) < UNIX_TIMESTAMP_AT + 8:
            raise RpcUnavailableError("the node shows no clock")
        moment = int(unpack_from("<q", data, UNIX_TIMESTAMP_AT)[0])
        wall = int(self._wall())
        return moment if abs(wall - moment) > DRIVEN_AFTER_S else max(moment, wall)

    async def drive(self, moment: int) -> None:
        """Set a localnet's clock.

        Raises:
            RpcError: The node does not answer, or is no localnet.
        """
        await self._rpc.call("localnet_setClock", {"unixTimestamp": moment})

    async def run_free(self) -> None:
        """Let a localnet's clock follow the wall clock.

        Raises:
            RpcError: As `drive`.
        """
        await self._rpc.call("localnet_runClock")
