"""Moves losses into a perpetual's pool where somebody waits for them, and pays the winners of a closed one.

While a market trades, what its pool lacks for profits that were taken, and for what it owes, is drawn from
those who lose most; and a loss that the lots left could not lose is paid at once, before one elsewhere is.
Once it has closed, every loser pays at once, and a day later every winner is paid. What winners have borne of
losers' debts is given back as soon as insurance may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from secant import exchange
from secant.perp_margin import returned_down
from secant_keeper.jobs.work import Work
from secant_keeper.perps.account import Held, holdings
from secant_keeper.perps.prices import is_closed, may_liquidate
from secant_keeper.perps.task import as_remaining, book_of, other_markets, update

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solders.pubkey import Pubkey

    from secant_keeper.perps.columns import Ints
    from secant_keeper.perps.task import Task
    from secant_keeper.perps.watch import Claims
    from secant_keeper.state import State

NAME = "settle_pnl"
ALL_BPS: Final = 10_000
INSURANCE_WINDOW_S: Final = 86_400
"""Seconds after which insurance may pay its share anew."""
TURN_MAX: Final = 64
"""Legs of a market that one turn plans for: the others come in the next ones."""


class Owner(NamedTuple):
    """A leg and whose it is.

    Attributes:
        address: The margin account.
        account: What it holds.
        held: The leg.
    """

    address: Pubkey
    account: exchange.MarginAccount
    held: Held


def plan(state: State, now: int, task: Task) -> Iterator[Work]:
    """Work for the legs that are worth settling at `now`, and for each market with fees to collect."""
    state.watch.refresh(state, now)
    for address, market in state.perps(task.settings.exchange):
        if collectible_atoms(market) >= task.settings.fees_min_atoms:
            collect = exchange.collect_perp_fees(exchange=market.exchange, market=address)
            yield Work(NAME, (address,), (collect,))
        if returnable_atoms(market, now) >= task.settings.settle_min_atoms:
            yield Work(NAME, (address,), (exchange.return_haircut(market=address),))
        claims = state.watch.claims(address)
        if claims is None:
            continue
        if market.settlement_ticks:
            yield from _closed(state, address, claims, now)
        elif not is_closed(market, now):
            yield from _own_profit(state, address, now, task)
            found = (*_losses(state, address, claims, now, task), *_debts(state, address, claims, now, task))
            yield from {work.keys: work for work in found}.values()


def collectible_atoms(market: exchange.PerpMarket) -> int:
    """Fees that a collection would bring, once the pool has paid what it can of them."""
    left_atoms = market.pool_atoms - min(market.insurance_due_atoms, market.pool_atoms)
    return market.fees_atoms + min(market.fees_due_atoms, left_atoms)


def returnable_atoms(market: exchange.PerpMarket, now: int) -> int:
    """What insurance may give back now of what winners have borne."""
    is_new_day = now - market.insurance_window_start >= INSURANCE_WINDOW_S
    window_atoms = market.insurance_atoms if is_new_day else market.insurance_window_atoms
    # Half of a day's allowance, and what open positions need, stay for the next bankrupt.
    cap_atoms = -(-window_atoms * (market.rules.insurance_cap_bps // 2) // ALL_BPS)
    left_atoms = cap_atoms - (0 if is_new_day else market.insurance_paid_atoms)
    spare_atoms = market.insurance_atoms - insurance_needed_up(market)
    return max(min(market.haircut_open_atoms, spare_atoms, left_atoms), 0)


def insurance_needed_up(market: exchange.PerpMarket) -> int:
    """What insurance must hold for the open positions."""
    value_atoms = market.open_lots * market.mark_ticks
    share_atoms = -(-value_atoms * exchange.INSURANCE_REMOVABLE_BPS // ALL_BPS)
    uncovered_bps = ALL_BPS - market.rules.tiers[0].maintenance_bps
    jump_atoms = -(-market.open_lots * market.rules.face_ticks * uncovered_bps // ALL_BPS)
    return max(share_atoms, jump_atoms)


def shortage_atoms(market: exchange.PerpMarket, claims: Claims) -> int:
    """What the pool lacks for what it owes and for profits that were taken: those of legs without lots."""
    owed_atoms = market.fees_due_atoms + market.insurance_due_atoms
    return claims.taken_atoms() + owed_atoms - market.pool_atoms


def payable_atoms(market: exchange.PerpMarket, profit_atoms: int, now: int) -> int:
    """How much of a profit the pool and the hour's limit allow."""
    payable = min(profit_atoms, market.pool_atoms)
    if market.settlement_ticks:
        return payable
    if market.pause_bits & exchange.PERP_PAUSE_PROFITS:
        return 0
    return max(min(payable, outflow_left_atoms(market, now)), 0)


def outflow_left_atoms(market: exchange.PerpMarket, now: int) -> int:
    """What the hour's limit leaves: half of it, less what was paid and time has not let go yet."""
    refill_atoms = market.rules.profits_max_atoms // 2
    most_atoms = market.rules.profits_max_atoms - refill_atoms
    elapsed_s = max(now - market.profits_let_go_at, 0)
    gone_atoms = refill_atoms * elapsed_s // exchange.PROFITS_WINDOW_S
    return most_atoms - max(min(market.profits_held_atoms, most_atoms) - gone_atoms, 0)


def _losses(state: State, address: Pubkey, claims: Claims, now: int, task: Task) -> Iterator[Work]:
    """The greatest losses, until together they bring what the pool lacks."""
    market, least_atoms = state.perp(address), task.settings.settle_min_atoms
    missing = 0 if market is None else shortage_atoms(market, claims)
    if market is None or missing < least_atoms or not may_liquidate(market, now):
        return
    payable = claims.payable_atoms()
    for at in np.argsort(-payable, kind="stable")[:TURN_MAX].tolist():
        if missing <= 0 or payable[at] < least_atoms:
            return
        for one in _owners(state, address, claims.rows[at : at + 1]):
            missing -= int(payable[at])
            # What lies in a seat counts for the program once it is drawn.
            is_seated = state.watch.seat(one.address, address) is not None
            yield _draw(state, one) if is_seated else _settle(state, one)


def _debts(state: State, address: Pubkey, claims: Claims, now: int, task: Task) -> Iterator[Work]:
    """Losses greater than the lots left are worth: once they cannot be paid, as few lots would bear them."""
    market = state.watch.market(state, address)
    if market is None or not may_liquidate(market, now):
        return
    values = np.abs(claims.lots) * market.mark_ticks
    due = (-claims.atoms > values) & (claims.payable_atoms() >= task.settings.settle_min_atoms)
    for one in _owners(state, address, claims.rows[due][:TURN_MAX]):
        is_seated = state.watch.seat(one.address, address) is not None
        yield _draw(state, one) if is_seated else _settle(state, one)


def _own_profit(state: State, address: Pubkey, now: int, task: Task) -> Iterator[Work]:
    """What the keeper's own account has earned and no longer has at stake."""
    account = None if task.taker is None else state.margin_account(task.taker)
    if account is None or task.taker is None:
        return
    for held in holdings(state, task.taker, account) or ():
        profit_atoms = held.position.quote_atoms
        if held.leg.market != address or held.position.lots or held.leg.seat or profit_atoms <= 0:
            continue
        least_atoms = min(task.settings.settle_min_atoms, profit_atoms)
        if payable_atoms(held.market, profit_atoms, now) >= least_atoms:
            yield _settle(state, Owner(task.taker, account, held))


def _closed(state: State, address: Pubkey, claims: Claims, now: int) -> Iterator[Work]:
    """Losers first; winners, and whoever still has lots, after their day."""
    market, due = state.perp(address), claims.payable_atoms() > 0
    if market is None:
        return
    if now >= market.settled_time + exchange.LOSSES_FIRST_S:
        due |= claims.lots != 0
        if payable_atoms(market, 1, now):
            due |= claims.atoms > 0
            yield from _returned(state, address)
    for one in _owners(state, address, claims.rows[due][:TURN_MAX]):
        yield _draw(state, one) if one.held.leg.seat else _settle(state, one)


def _returned(state: State, address: Pubkey) -> Iterator[Work]:
    """Those to whom insurance has given something back, and who hold nothing else any more."""
    for key in state.watch.bearers(address):
        account = state.margin_account(key)
        held = None if account is None else holdings(state, key, account)
        for one in held or ():
            is_flat = one.leg.market == address and not one.leg.position_lots and not one.leg.seat
            if account is not None and is_flat and returned_down(one.leg, one.market) > 0:
                yield _settle(state, Owner(key, account, one))


def _owners(state: State, address: Pubkey, rows: Ints) -> Iterator[Owner]:
    for key in state.watch.addresses(rows.tolist()):
        account = state.margin_account(key)
        held = None if account is None else holdings(state, key, account)
        for one in held or ():
            if account is not None and one.leg.market == address:
                yield Owner(key, account, one)


def _settle(state: State, one: Owner) -> Work:
    market = one.held.leg.market
    settle = exchange.settle_pnl(
        account=one.address, market=market, feed=one.held.market.feed, book=book_of(market)
    )
    return Work(
        NAME,
        (one.address, market),
        (settle,),
        once=state.versions_of(one.address, market, one.held.market.feed),
    )


def _draw(state: State, one: Owner) -> Work:
    market = one.held.leg.market
    others = other_markets(market, one.account)
    draw = exchange.draw_perp_seat(
        account=one.address,
        market=market,
        feed=one.held.market.feed,
        book=book_of(market),
        remaining_accounts=as_remaining(others),
    )
    known = ((key, state.perp(key)) for key in others)
    updates = [update(key, found) for key, found in known if found is not None]
    once = state.versions_of(one.address, market, book_of(market))
    return Work(NAME, (one.address, market), (*updates, draw), required=len(updates) + 1, once=once)
