"""Brings perpetuals up to date: prices and funding, announced rules, the settlement of one that has closed.

Whatever trades brings its market up to date by itself. What a quiet market needs is the rest: that each new
price counts from when it is known, that no hour turns unseen, and that nothing announced waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from secant import exchange
from secant_keeper.jobs.work import Work
from secant_keeper.perps.prices import is_closed
from secant_keeper.perps.sample import is_behind, sample_of
from secant_keeper.perps.task import book_of, update

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solders.pubkey import Pubkey

    from secant_keeper.perps.task import Task
    from secant_keeper.state import State

NAME = "funding"
HOUR_S: Final = 3_600


def plan(state: State, now: int, task: Task) -> Iterator[Work]:
    """One piece of work for each market that has something to take in at `now`."""
    for address, market in state.perps(task.settings.exchange):
        if market.settlement_ticks:
            continue
        if market.rules_time and now >= market.rules_time:
            yield Work(NAME, (address,), (exchange.apply_perp_rules(market=address),))
        elif is_closed(market, now):
            yield _settle(address, market)
        elif is_due(state, market, now, task.settings.refresh_interval_s):
            yield Work(NAME, (address,), (update(address, market),))


def is_due(state: State, market: exchange.PerpMarket, now: int, refresh_interval_s: float) -> bool:
    """Whether a market is behind its feed, its hour, or its clock.

    Args:
        state: What is known.
        market: The market.
        now: Chain time, Unix seconds.
        refresh_interval_s: How long it may go without being brought up to date.
    """
    feed = state.feed(market.feed)
    return (
        (feed is not None and is_behind(market, sample_of(feed)))
        or now // HOUR_S > market.updated_at // HOUR_S
        or now - market.updated_at >= refresh_interval_s
    )


def _settle(address: Pubkey, market: exchange.PerpMarket) -> Work:
    settle = exchange.settle_perp(market=address, feed=market.feed, book=book_of(address))
    return Work(NAME, (address,), (settle,))
