"""Takes over what accounts hold that have less than keeping it requires; those short of most first.

An account's open orders come first: they are cancelled, and what they have brought is drawn. Then its largest
position is taken over at the mark, as far as the keeper's own margin account affords it; one that cannot pay
the least reward for it is resolved as bankrupt. Nothing is tried again before anything about it has changed.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from secant import exchange
from secant.client.views import text_of
from secant_keeper.jobs.work import Work
from secant_keeper.perps.account import Held, health_of, holdings, least_reward_up
from secant_keeper.perps.closing import closable_lots, closing_lots
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


class Hindrance(NamedTuple):
    """Why nothing of an account at risk can be taken over.

    Attributes:
        reason: What is in the way, and what to do about it.
    """

    reason: str


def plan(state: State, now: int, task: Task) -> Iterator[Work]:
    """One piece of work for each account at risk of which something can be taken over at `now`."""
    cases = sorted(find_cases(state, now, task), key=attrgetter("surplus_atoms"))
    room = room_of(state, now, task)
    for case in cases:
        found = takeover(state, case, room, now, task)
        if isinstance(found, Work):
            yield found


def find_cases(state: State, now: int, task: Task) -> Iterator[Case]:
    """The accounts of the exchange that can be liquidated, but for the keeper's own."""
    for address in state.watch.pick(state, now, task.settings.sweep_interval_s).accounts:
        case = case_of(state, address, now, task)
        if case is not None and address != task.taker:
            yield case


def case_of(state: State, address: Pubkey, now: int, task: Task) -> Case | None:
    """One account with the markets as the watch last saw them; None if it cannot be liquidated at `now`."""
    account = state.margin_account(address)
    if account is None or account.exchange != task.settings.exchange:
        return None
    held = holdings(state, address, account)
    health = None if held is None else health_of(account, held, now)
    if held is None or health is None or health.maintenance_surplus_atoms >= 0:
        return None
    return Case(address, account, held, health)


def room_of(state: State, now: int, task: Task) -> Room | None:
    """What the keeper's own account affords at `now`; None without one."""
    account = None if task.taker is None else state.margin_account(task.taker)
    return None if task.taker is None or account is None else Room(state, task.taker, account, now)


def takeover(state: State, case: Case, room: Room | None, now: int, task: Task) -> Work | Hindrance:
    """What is to be sent next to take over what an account holds, or what is in the way.

    Args:
        state: The accounts.
        case: The account.
        room: What the keeper's own account affords, of which the work uses up a part; None without one.
        now: Chain time, Unix seconds.
        task: Whose perpetuals are kept, and by whom.
    """
    if any(held.leg.seat for held in case.held):
        return drawing(NAME, state, case.address, case.account, case.held)
    if task.taker is None:
        return Hindrance("no margin account takes over: give account_index in [perps]")
    if room is None:
        return Hindrance(f"the keeper's margin account {task.taker} is not there: open it and deposit")
    held = _chosen(case, now)
    return Hindrance(_why_none(case, now)) if held is None else _take_over(state, case, held, room, now, task)


def drawing(
    job: str, state: State, address: Pubkey, account: exchange.MarginAccount, legs: list[Held]
) -> Work:
    """Bring home what an account's orders have done, in every market at once; those without margin go.

    Args:
        job: Whose work it is.
        state: The accounts.
        address: The margin account's address.
        account: The margin account.
        legs: Its legs, at least one with a seat.
    """
    updates = [update(held.leg.market, held.market) for held in legs]
    seated = sorted((held for held in legs if held.leg.seat), key=lambda held: held.leg.drawn_slot)
    draws = [
        exchange.draw_perp_seat(
            account=address,
            market=held.leg.market,
            feed=held.market.feed,
            book=book_of(held.leg.market),
            remaining_accounts=as_remaining(other_markets(held.leg.market, account)),
        )
        for held in seated[:DRAWS_MAX]
    ]
    markets = [held.leg.market for held in legs]
    feeds = [held.market.feed for held in legs]
    once = state.versions_of(address, *markets, *feeds, *map(book_of, markets))
    return Work(job, (address,), (*updates, *draws), required=len(updates) + 1, once=once)


def _take_over(state: State, case: Case, held: Held, room: Room, now: int, task: Task) -> Work | Hindrance:
    market, lots = held.leg.market, held.position.lots
    others = other_markets(market, case.account, room.account)
    if len(others) > OTHERS_MAX:
        return Hindrance(
            f"the keeper's margin account {room.address} holds positions in so many other markets that both "
            "do not fit into a transaction: reduce those, or give another account_index"
        )
    lots_max = 0
    if lots and not held.market.settlement_ticks:
        lots_max = room.lots(market, held.market, lots)
        if lots_max == 0:
            return Hindrance(
                f"the keeper's margin account {room.address} affords nothing of {_name(held)}: deposit, or "
                "reduce what it holds"
            )
        taken = min(lots_max, _expected_lots(case, held, now))
        room.take(market, held.market, taken if lots > 0 else -taken)
    build = exchange.resolve_bankruptcy if case.is_bankrupt(held, now) else exchange.liquidate
    take = build(
        liquidator=task.key,
        exchange=task.settings.exchange,
        taker=room.address,
        account=case.address,
        market=market,
        feed=held.market.feed,
        book=book_of(market),
        lots_max=lots_max,
        remaining_accounts=as_remaining(others),
    )
    instructions = (*_updates(state, others), take)
    once = state.versions_of(case.address, market, held.market.feed, room.address, *others)
    return Work(NAME, (case.address,), instructions, required=len(instructions), once=once)


def _expected_lots(case: Case, held: Held, now: int) -> int:
    """What the program will close of a position: all of a bankrupt's, else the least that restores."""
    if case.is_bankrupt(held, now):
        return abs(held.position.lots)
    return closing_lots(held.position, held.market.rules, prices_of(held.market, now), case.health)


def _chosen(case: Case, now: int) -> Held | None:
    """The largest position that can be liquidated; if there is none, the largest that can be resolved."""
    allowed = [held for held in case.held if _hindrance(held, now) is None]
    solvent = [held for held in allowed if not case.is_bankrupt(held, now)]
    open_ones = [held for held in solvent if not is_closed(held.market, now) and _closable(case, held, now)]
    debts = [held for held in allowed if held not in solvent and _is_in_debt(held)]
    return max(
        open_ones or debts,
        key=lambda held: prices_of(held.market, now).value_atoms(held.position.lots),
        default=None,
    )


def _closable(case: Case, held: Held, now: int) -> int:
    """How many lots of a position can go before the profit is settled that stands for its loss."""
    return closable_lots(held.position, held.market.rules, prices_of(held.market, now), case.health)


def _hindrance(held: Held, now: int) -> str | None:
    """Why nobody is liquidated in a leg's market; None if somebody may be."""
    if held.market.pause_bits & exchange.PERP_PAUSE_LIQUIDATE and not held.market.settlement_ticks:
        return f"liquidating is paused in {_name(held)}"
    if is_closed(held.market, now) and not held.market.settlement_ticks:
        return f"{_name(held)} has closed and is not settled yet"
    if not may_liquidate(held.market, now):
        return f"the price of {_name(held)} is too old, or its publishers disagree"
    return None


def _why_none(case: Case, now: int) -> str:
    found = dict.fromkeys(_hindrance(held, now) for held in case.held)
    reasons = [one for one in found if one is not None]
    if reasons:
        return ", and ".join(reasons)
    if any(held.position.lots and not held.market.settlement_ticks for held in case.held):
        return "only profits elsewhere stand for its losses: settle those first"
    return "what is left of it is in settled markets, which pay first"


def _name(held: Held) -> str:
    return text_of(held.market.market_id) or str(held.leg.market)


def _is_in_debt(held: Held) -> bool:
    """Whether resolving moves something: a position to be taken over, or a debt to be covered."""
    is_open = held.position.lots != 0 and not held.market.settlement_ticks
    return is_open or held.position.claim_atoms(held.market.mark_ticks) < 0


def _updates(state: State, markets: list[Pubkey]) -> Iterator[Instruction]:
    for key in markets:
        market = state.perp(key)
        if market is not None:
            yield update(key, market)
