"""Brings perpetuals up to date: prices and funding, announced rules, the settlement of one that has closed.

Whatever trades brings its market up to date by itself. What a quiet market needs is the rest: that each new
price counts from when it is known, that no hour turns unseen, and that nothing announced waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secant import exchange
from secant_keeper.jobs.work import Work
from secant_keeper.perps.prices import is_closed
from secant_keeper.perps.sample import index_ticks, is_behind, sample_of
from secant_keeper.perps.task import book_of, update

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solders.pubkey import Pubkey

    from secant_keeper.config import PerpSettings
    from secant_keeper.perps.sample import Sample
    from secant_keeper.perps.task import Task
    from secant_keeper.state import State

NAME = "funding"
HOUR_S: Final = 3_600
MOVE_BPS: Final = 10
"""A price this far from the last is taken in at once."""
ALL_BPS: Final = 10_000


def plan(state: State, now: int, task: Task) -> Iterator[Work]:
    """One piece of work for each market that has something to take in at `now`."""
    for address, market in state.perps(task.settings.exchange):
        if market.settlement_ticks:
            continue
        if market.rules_time and now >= market.rules_time:
            yield Work(NAME, (address,), (exchange.apply_perp_rules(market=address),))
        elif is_closed(market, now):
            yield _settle(address, market)
        elif is_due(state, market, now, task.settings):
            yield Work(NAME, (address,), (update(address, market),))


def is_due(state: State, market: exchange.PerpMarket, now: int, settings: PerpSettings) -> bool:
    """Whether a market is too far behind its feed, or behind its hour or its clock.

    Args:
        state: What is known.
        market: The market.
        now: Chain time, Unix seconds.
        settings: How often its operator wants it brought up to date, and how seldom.
    """
    feed = state.feed(market.feed)
    sample = None if feed is None else sample_of(feed)
    waited_s = now - market.updated_at
    if now // HOUR_S > market.updated_at // HOUR_S or waited_s >= settings.refresh_interval_s:
        return True
    if sample is None or not is_behind(market, sample):
        return False
    # As many updates as keep the price fresh there must be.
    wait_s = min(settings.price_interval_s, market.rules.stale_s / 2)
    return waited_s >= wait_s or is_urgent(market, sample, now)


def is_urgent(market: exchange.PerpMarket, sample: Sample, now: int) -> bool:
    """Whether what a feed says changes what a market permits, what it settles at, or its price by much."""
    ticks = index_ticks(sample, market.rules)
    is_closing = 0 < market.close_time <= now + exchange.CLOSING_WINDOW_S
    if ticks is None or market.is_uncertain or is_closing:
        return True
    return abs(ticks - market.index_ticks) * ALL_BPS >= market.index_ticks * MOVE_BPS


def _settle(address: Pubkey, market: exchange.PerpMarket) -> Work:
    settle = exchange.settle_perp(market=address, feed=market.feed, book=book_of(address))
    return Work(NAME, (address,), (settle,))
