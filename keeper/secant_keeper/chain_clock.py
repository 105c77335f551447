"""Chain time: read from the clock sysvar, or, on a localnet, set to the recordings' times."""

from __future__ import annotations

import time
from struct import unpack_from
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from secant_keeper.rpc import RpcUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from secant_keeper.rpc import Rpc

CLOCK: Final = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
UNIX_TIMESTAMP_AT: Final = 32
DRIVEN_AFTER_S: Final = 86_400
"""A sysvar this far from the wall clock is driven; a nearer one only lags between transactions."""


class ChainClock:
    """Reads and sets chain time.

    Args:
        rpc: The node.
        wall: Unix seconds by the local clock.
    """

    def __init__(self, rpc: Rpc, wall: Callable[[], float] = time.time) -> None:
        self._rpc = rpc
        self._wall = wall

    async def now(self) -> int:
        """Chain time in Unix seconds.

        Raises:
            RpcError: The node does not answer as it should.
        """
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
