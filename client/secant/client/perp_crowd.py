"""Who holds a perpetual: longs against shorts, and where positions are liquidated in clusters."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from secant.errors import InputError
from secant.units import bps_of, collateral_of

from .perp_health import HeldPerp, PerpHealthMethods, held_perps
from .perp_results import PerpCluster, PerpCrowd
from .perp_views import share_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from secant.units import Number

    from .perp_state import PerpRef, PerpState

__all__ = ["PerpCrowdMethods"]

_RATIO: Final = Decimal("0.000001")
_BPS: Final = 10_000


@dataclass(slots=True)
class _Bucket:
    """What is liquidated in one range of prices, in atoms."""

    long_atoms: int = 0
    short_atoms: int = 0
    accounts: int = 0


@dataclass(slots=True)
class _Side:
    """One side of a market."""

    accounts: int = 0
    lots: int = 0

    def mean(self, state: PerpState) -> Decimal:
        return share_of(self.lots, self.accounts) * state.scale.lot_size if self.accounts else Decimal(0)


@dataclass(slots=True)
class _Count:
    """A market's positions, counted."""

    longs: _Side = field(default_factory=_Side)
    shorts: _Side = field(default_factory=_Side)
    buckets: dict[int, _Bucket] = field(default_factory=dict)
    safe_atoms: int = 0


class PerpCrowdMethods(PerpHealthMethods):
    """What one asks about everybody who holds a perpetual."""

    async def perp_crowd(self, market: PerpRef, *, bucket: Number = "0.01") -> PerpCrowd:
        """Longs and shorts of a perpetual, and the value that each range of prices would liquidate.

        Every account is counted with all that it holds, each price of liquidation with all other prices as
        they are: where many lie together, a price that comes near is drawn on.

        Args:
            market: The perpetual.
            bucket: How wide a range is, as a share of the mark: 0.0001 to 1.

        Raises:
            UnitError, InputError: no such width. AccountNotFound: there is no such market.
            RpcUnreachable, RpcRefused: the node does not answer, or answers no scans.
        """
        bucket_bps = bps_of(bucket, "bucket")
        if not bucket_bps:
            raise InputError("a range of prices is wider than nothing", "use a share from 0.0001 to 1")
        holders, states, seats, now = await self._all_holders()
        address = (await self._perp_as_stored(market)).address
        held = [
            leg
            for account, stored in holders.items()
            for leg in held_perps(account, stored, seats, states, now)
            if leg.state.address == address and leg.held.lots
        ]
        return _crowd(states[address], held, bucket_bps)


def _crowd(state: PerpState, held: Sequence[HeldPerp], bucket_bps: int) -> PerpCrowd:
    width_ticks = max(state.stored.mark_ticks * bucket_bps // _BPS, 1)
    count = _counted(held, width_ticks)
    longs, shorts = count.longs, count.shorts
    scale = state.scale
    by_size = None
    if longs.accounts and shorts.accounts:
        by_size = share_of(longs.lots * shorts.accounts, shorts.lots * longs.accounts, _RATIO)
    return PerpCrowd(
        market=state.address,
        name=state.name,
        mark=scale.price_of(state.stored.mark_ticks),
        longs=longs.accounts,
        shorts=shorts.accounts,
        size=scale.size_of(longs.lots),
        long_mean=longs.mean(state),
        short_mean=shorts.mean(state),
        ratio_by_accounts=share_of(longs.accounts, shorts.accounts, _RATIO) if shorts.accounts else None,
        ratio_by_size=by_size,
        clusters=tuple(
            PerpCluster(
                low=scale.price_of(max(place * width_ticks, 1)),
                high=scale.price_of((place + 1) * width_ticks),
                long_value=collateral_of(bucket.long_atoms),
                short_value=collateral_of(bucket.short_atoms),
                accounts=bucket.accounts,
            )
            for place, bucket in sorted(count.buckets.items())
        ),
        safe_value=collateral_of(count.safe_atoms),
    )


def _counted(held: Sequence[HeldPerp], width_ticks: int) -> _Count:
    count = _Count()
    for leg in held:
        lots = leg.held.lots
        side = count.longs if lots > 0 else count.shorts
        side.accounts += 1
        side.lots += abs(lots)
        value_atoms = abs(lots) * leg.state.stored.mark_ticks
        ends_at = leg.liquidation_ticks
        if ends_at is None:
            count.safe_atoms += value_atoms
            continue
        bucket = count.buckets.setdefault(ends_at // width_ticks, _Bucket())
        bucket.accounts += 1
        if lots > 0:
            bucket.long_atoms += value_atoms
        else:
            bucket.short_atoms += value_atoms
    return count
