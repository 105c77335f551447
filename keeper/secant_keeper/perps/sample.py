"""What a feed's readings amount to, as the engine's `feed.rs` has it, and whether a market is behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secant.perp_margin import price_max_ticks
from secant_keeper.replay_chain import NO_ASK, NO_BID

if TYPE_CHECKING:
    from secant import exchange, oracle


class Sample(NamedTuple):
    """What a quorum says.

    Attributes:
        time: The newest time that a quorum of publishers has reached, Unix seconds.
        value: What they say in feed units; None if they do not agree.
    """

    time: int
    value: int | None


def sample_of(feed: oracle.Feed) -> Sample | None:
    """The sample that a feed's readings amount to; None before a quorum has published."""
    readings = feed.readings[: feed.publisher_count]
    time = sorted(reading.source_time for reading in readings)[feed.publisher_count - feed.quorum]
    if time <= 0:
        return None
    passing = [
        reading
        for reading in readings
        if reading.source_time >= time
        and reading.bid != NO_BID
        and reading.ask != NO_ASK
        and 0 <= reading.ask - reading.bid <= feed.width_max
    ]
    middles = sorted((reading.bid + reading.ask) // 2 for reading in passing)
    if len(middles) < feed.quorum:
        return Sample(time, None)
    upper = middles[len(middles) // 2]
    value = upper if len(middles) % 2 else (middles[len(middles) // 2 - 1] + upper) // 2
    agreeing = sum(abs(middle - value) <= feed.width_max for middle in middles)
    return Sample(time, value if agreeing >= feed.quorum else None)


def index_ticks(sample: Sample, rules: exchange.PerpRules) -> int | None:
    """A sample as an index; None if it is no price."""
    if sample.value is None or sample.value < 0:
        return None
    # What is worth next to nothing has a price.
    return min(max(sample.value // rules.units_per_tick, 1), price_max_ticks(rules))


def is_behind(market: exchange.PerpMarket, sample: Sample | None) -> bool:
    """Whether bringing the market up to date would change its index, or whether its feed is agreed."""
    if sample is None or sample.time < market.agreed_at:
        return False
    if market.close_time and sample.time > market.close_time:
        return False
    if index_ticks(sample, market.rules) is None:
        return market.is_uncertain == 0
    return market.is_uncertain != 0 or sample.time > market.agreed_at
