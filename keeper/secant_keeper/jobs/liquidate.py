"""Takes over what accounts hold that have less than keeping it requires; those short of most first.

An account's open orders come first: they are cancelled, and what they have brought is drawn. Then its largest
position is taken over at the mark, as far as the keeper's own margin account affords it; one that cannot pay
the least reward for it is resolved as bankrupt. Nothing is tried again before anything about it has changed.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from secant import exchange
from secant_keeper.jobs.work import Work
from secant_keeper.perps.account import Held, health_of, holdings, least_reward_up
from secant_keeper.perps.closing import closing_lots
from secant_keeper.perps.prices import is_closed, may_liquidate, prices_of
from secant_keeper.perps.room import Room
from secant_keeper.perps.task import as_remaining, book_of, other_markets, update

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

    from secant.perp_margin import Health
    from secant_keeper.perps.task import Task
    from secant_keeper.state import State

NAME = "liquidate"
OTHERS_MAX: Final = 7
"""Markets beside the one in question that fit into a transaction, each brought up to date in it."""
DRAWS_MAX: Final = 4
"""Seats drawn in one transaction, beside eight markets: those drawn longest ago; others follow."""


class Case(NamedTuple):
    """An account that is worth less than keeping its positions requires.

    Attributes:
        address: Its address.
        account: The account.
        held: Its legs.
        health: What it is worth, and what it requires.
    """

    address: Pubkey
    account: exchange.MarginAccount
    held: list[Held]
    health: Health

    @property
    def surplus_atoms(self) -> int:
        """What it has beyond what keeping requires: less than nothing."""
        return self.health.maintenance_surplus_atoms

    def is_bankrupt(self, held: Held, now: int) -> bool:
        """Whether it cannot pay the least reward for one of its positions; a settled one has none."""
        if held.market.settlement_ticks:
            return self.health.equity_atoms < 0
        value_atoms = prices_of(held.market, now).value_atoms(held.position.lots)
        return self.health.equity_atoms < least_reward_up(held.market.rules, value_atoms)


def plan(state: State, now: int, task: Task) -> Iterator[Work]:
    """One piece of work for each account at risk of which something can be taken over at `now`."""
    cases = sorted(find_cases(state, now, task), key=attrgetter("surplus_atoms"))
    account = None if task.taker is None else state.margin_account(task.taker)
    room = None if task.taker is None or account is None else Room(state, task.taker, account, now)
    for case in cases:
        seated = [held for held in case.held if held.leg.seat]
        if seated:
            yield _draw(state, case, seated)
        elif room is not None:
            work = _take_over(state, case, room, now, task)
            if work is not None:
                yield work


def find_cases(state: State, now: int, task: Task) -> Iterator[Case]:
    """The accounts of the exchange that can be liquidated, but for the keeper's own."""
    for address in state.watch.pick(state, now, task.settings.sweep_interval_s).accounts:
        account = state.margin_account(address)
        if account is None or address == task.taker or account.exchange != task.settings.exchange:
            continue
        held = holdings(state, address, account)
        health = None if held is None else health_of(account, held, now)
        if held is not None and health is not None and health.maintenance_surplus_atoms < 0:
            yield Case(address, account, held, health)


def _draw(state: State, case: Case, seated: list[Held]) -> Work:
    """Cancel what is open and bring home what it has done, in every market at once."""
    updates = [update(held.leg.market, held.market) for held in case.held]
    draws = [
        exchange.draw_perp_seat(
            account=case.address,
            market=held.leg.market,
            feed=held.market.feed,
            book=book_of(held.leg.market),
            remaining_accounts=as_remaining(other_markets(held.leg.market, case.account)),
        )
        for held in sorted(seated, key=lambda held: held.leg.drawn_slot)[:DRAWS_MAX]
    ]
    markets = [held.leg.market for held in case.held]
    feeds = [held.market.feed for held in case.held]
    once = state.versions_of(case.address, *markets, *feeds, *map(book_of, markets))
    return Work(NAME, (case.address,), (*updates, *draws), required=len(updates) + 1, once=once)


def _take_over(state: State, case: Case, room: Room, now: int, task: Task) -> Work | None:
    held = _chosen(case, now)
    if held is None or task.taker is None:
        return None
    market, lots = held.leg.market, held.position.lots
    others = other_markets(market, case.account, room.account)
    if len(others) > OTHERS_MAX:
        return None  # until what the taker holds elsewhere is handed back
    lots_max = 0
    if lots and not held.market.settlement_ticks:
        lots_max = room.lots(market, held.market, lots)
        if lots_max == 0:
            return None
        taken = min(lots_max, _expected_lots(case, held, now))
        room.take(market, held.market, taken if lots > 0 else -taken)
    build = exchange.resolve_bankruptcy if case.is_bankrupt(held, now) else exchange.liquidate
    take = build(
        liquidator=task.key,
        exchange=task.settings.exchange,
        taker=task.taker,
        account=case.address,
        market=market,
        feed=held.market.feed,
        book=book_of(market),
        lots_max=lots_max,
        remaining_accounts=as_remaining(others),
    )
    instructions = (*_updates(state, others), take)
    once = state.versions_of(case.address, market, held.market.feed, task.taker, *others)
    return Work(NAME, (case.address,), instructions, required=len(instructions), once=once)


def _expected_lots(case: Case, held: Held, now: int) -> int:
    """What the program will close of a position: all of a bankrupt's, else the least that restores."""
    if case.is_bankrupt(held, now):
        return abs(held.position.lots)
    return closing_lots(held.position, held.market.rules, prices_of(held.market, now), case.health)


def _chosen(case: Case, now: int) -> Held | None:
    """The largest position that can be liquidated; if there is none, the largest that can be resolved."""
    allowed = [held for held in case.held if _may_take_over(held, now)]
    solvent = [held for held in allowed if not case.is_bankrupt(held, now)]
    open_ones = [held for held in solvent if held.position.lots and not is_closed(held.market, now)]
    debts = [held for held in allowed if held not in solvent and _is_in_debt(held)]
    return max(
        open_ones or debts,
        key=lambda held: prices_of(held.market, now).value_atoms(held.position.lots),
        default=None,
    )


def _may_take_over(held: Held, now: int) -> bool:
    is_paused = held.market.pause_bits & exchange.PERP_PAUSE_LIQUIDATE
    # A market that has closed is settled before anybody is liquidated in it.
    is_between = is_closed(held.market, now) and not held.market.settlement_ticks
    return not is_paused and not is_between and may_liquidate(held.market, now)


def _is_in_debt(held: Held) -> bool:
    """Whether resolving moves something: a position to be taken over, or a debt to be covered."""
    is_open = held.position.lots != 0 and not held.market.settlement_ticks
    return is_open or held.position.claim_atoms(held.market.mark_ticks) < 0


def _updates(state: State, markets: list[Pubkey]) -> Iterator[Instruction]:
    for key in markets:
        market = state.perp(key)
        if market is not None:
            yield update(key, market)
