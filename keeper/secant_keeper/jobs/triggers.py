"""Places trigger orders whose mark has come, moves trailing stops after it, and clears dead ones away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secant import exchange
from secant.perp_margin import holding_of
from secant_keeper.jobs.liquidate import DRAWS_MAX
from secant_keeper.jobs.work import Work
from secant_keeper.perps.account import legs_of
from secant_keeper.perps.prices import is_closed, may_liquidate
from secant_keeper.perps.task import as_remaining, book_of, other_markets, update

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

    from secant_keeper.perps.task import Task
    from secant_keeper.state import State

NAME = "triggers"
ALL_BPS = 10_000


def plan(state: State, now: int, task: Task) -> Iterator[Work]:
    """One piece of work for each trigger order that can be placed, moved or cleared at `now`."""
    state.watch.refresh(state, now)
    for address, trigger in state.triggers():
        market = state.watch.market(state, trigger.market)
        if market is None or market.exchange != task.settings.exchange:
            continue
        if has_lapsed(trigger.terms, now) or is_void(trigger, state.margin_account(trigger.account)):
            cancel = exchange.cancel_trigger(
                payer=trigger.payer, account=trigger.account, trigger=address, trader=None
            )
            yield Work(NAME, (address,), (cancel,))
        elif not is_closed(market, now) and may_liquidate(market, now):
            work = _execute(state, address, trigger, market, task)
            if work is not None:
                yield work


def has_lapsed(terms: exchange.TriggerTerms, now: int) -> bool:
    """Whether an order can no longer be placed at `now`."""
    return terms.expires_at != 0 and now >= terms.expires_at


def is_void(trigger: exchange.TriggerOrder, account: exchange.MarginAccount | None) -> bool:
    """Whether the position that an order was placed for is no more."""
    legs = () if account is None else legs_of(account)
    return trigger.opening not in {leg.opening for leg in legs if leg.market == trigger.market}


def trailed_ticks(terms: exchange.TriggerTerms, mark_ticks: int) -> int:
    """The trigger after a trailing stop has followed the mark; of a fixed trigger itself."""
    if not terms.trail_ticks:
        return terms.trigger_ticks
    if terms.is_above:
        return min(terms.trigger_ticks, mark_ticks + terms.trail_ticks)
    return max(terms.trigger_ticks, mark_ticks - terms.trail_ticks)


def is_reached(terms: exchange.TriggerTerms, mark_ticks: int) -> bool:
    """Whether the mark has come to where the order is placed."""
    trigger_ticks = trailed_ticks(terms, mark_ticks)
    return mark_ticks >= trigger_ticks if terms.is_above else mark_ticks <= trigger_ticks


def _execute(
    state: State, address: Pubkey, trigger: exchange.TriggerOrder, market: exchange.PerpMarket, task: Task
) -> Work | None:
    terms, account = trigger.terms, state.margin_account(trigger.account)
    # A delegate's orders do not outlive his delegation.
    if account is None or trigger.payer not in {account.owner, account.delegate}:
        return None
    if is_reached(terms, market.mark_ticks):
        is_worth_it = _reduces(state, trigger, account, market)
    else:
        moved_ticks = abs(trailed_ticks(terms, market.mark_ticks) - terms.trigger_ticks)
        step_ticks = -(-market.mark_ticks * task.settings.trail_step_bps // ALL_BPS)
        is_worth_it = moved_ticks >= max(step_ticks, 1)
    if not is_worth_it:
        return None
    book = book_of(trigger.market)
    execute = exchange.execute_trigger(
        exchange=market.exchange,
        account=trigger.account,
        market=trigger.market,
        feed=market.feed,
        book=book,
        trigger=address,
        payer=trigger.payer,
        remaining_accounts=as_remaining(other_markets(trigger.market, account)),
    )
    once = state.versions_of(address, trigger.account, trigger.market, market.feed, book)
    known = _known(state, trigger, account, market)
    return Work(NAME, (address,), (*known, execute), required=len(known) + 1, once=once)


def _known(
    state: State, trigger: exchange.TriggerOrder, account: exchange.MarginAccount, market: exchange.PerpMarket
) -> list[Instruction]:
    """What brings the account's other legs up to date: else an order may cost no more than a liquidation."""
    others = [leg for leg in legs_of(account) if leg.market != trigger.market]
    stated = {leg.market: state.perp(leg.market) for leg in others}
    updates = [update(key, of) for key, of in stated.items() if of is not None]
    draws = [
        exchange.draw_perp_seat(
            account=trigger.account,
            market=leg.market,
            feed=of.feed,
            book=book_of(leg.market),
            remaining_accounts=as_remaining(other_markets(leg.market, account)),
        )
        for leg in others[:DRAWS_MAX]
        if leg.seat and (of := stated[leg.market]) is not None
    ]
    return [*updates, *([update(trigger.market, market)] if draws else []), *draws]


def _reduces(
    state: State, trigger: exchange.TriggerOrder, account: exchange.MarginAccount, market: exchange.PerpMarket
) -> bool:
    """Whether the account holds something on the side that the order closes."""
    for leg in legs_of(account):
        if leg.market == trigger.market:
            seat = state.watch.seat(trigger.account, leg.market) if leg.seat else None
            lots = holding_of(leg, seat, market).lots
            return lots < 0 if trigger.terms.side == exchange.SIDE_BID else lots > 0
    return False
