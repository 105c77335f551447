"""What single instructions of perpetuals may do: reserves, draws, reductions, insurance and its returns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from account_book import Margin
from invariant import demand
from perp_accounts import BPS, Stake, ceil_div, health_of

from secant import exchange

if TYPE_CHECKING:
    from account_book import AccountBook, Change
    from order_books import OrderBook
    from perp_accounts import Health
    from perp_checks import Landed
    from solders.pubkey import Pubkey

# After these nothing leaves by what was stated of their accounts before.
VOIDING = {
    "draw_perp_seat", "settle_pnl", "cancel_perp_orders", "cancel_all_perp", "waive_haircut",
    "execute_trigger", "liquidate", "resolve_bankruptcy",
}  # fmt: skip
DRAWN_RECENTLY_SLOTS = 150
SWEEP_MAX = 256
SHARE_ONE, SHARE_MIN = 1 << 63, 1 << 31
DAY_S = 86_400


def check_reserves(landed: Landed, ledger: AccountBook, changes: list[Change]) -> None:
    """What leaves an account leaves by what its perpetuals need, stated in the same slot by exactly that."""
    voids = landed.name in VOIDING or (landed.name == "trade_perp" and landed.reduces)
    for change in changes:
        old, new = change.old, change.new
        if not isinstance(old, Margin) or not isinstance(new, Margin):
            continue
        raw = new.raw
        is_checked = raw.checked_free_atoms == new.free_atoms
        demand(is_checked, "what is free was checked", landed.name, change.key)
        stated = [(each.raw.reserve_atoms, each.raw.reserve_slot) for each in (old, new)]
        if voids:
            demand(raw.reserve_slot == 0, "what was stated is void", landed.name, change.key, stated)
        elif stated[0] != stated[1] or landed.name in {"trade_perp", "refresh_margin"}:
            health = health_of(new, ledger.perps.found, landed.now)
            is_exact = stated[1] == (health.reserve, landed.slot)
            demand(is_exact, "what is stated is what is needed", landed.name, change.key, stated, health)


def check_known(landed: Landed, ledger: AccountBook, account: Pubkey) -> None:
    """What counts with the whole of an account knows its other legs' prices and fills of this slot."""
    for key, leg in ledger.margins.found[account].perps.items():
        market = ledger.perps.found[key]
        if key == landed.market:
            continue
        demand(market.updated_slot == landed.slot, "other markets are up to date", landed.name, key, market)
        is_drawn = leg.drawn_slot == landed.slot and market.loss_slot != landed.slot
        demand(not leg.seat or is_drawn, "seats elsewhere are drawn", landed.name, account, leg, market)


def check_draw(landed: Landed, ledger: AccountBook, old: OrderBook) -> None:
    """Who is known to be unhealthy has no orders left; anybody else keeps those that have not expired."""
    account, key = landed.account(0), landed.account(1)
    market, margin = ledger.perps.found[key], ledger.margins.found[account]
    book = ledger.perp_book_of(key)
    assert book is not None
    before, after = old.orders_of(account), {order.id for order in book.orders_of(account)}
    expired = [order for order in before if 0 < order.expires_at <= landed.now]
    demand(not after & {order.id for order in expired}, "what has expired is cancelled", key, expired)
    is_over = 0 < market.close_time <= landed.now
    surplus = health_of(margin, ledger.perps.found, landed.now).maintenance_surplus
    known = all(
        landed.slot - leg.drawn_slot <= DRAWN_RECENTLY_SLOTS
        for place, leg in margin.perps.items()
        if place != key and leg.seat
    )
    gone = len(before) - len(expired) - len(after)
    if is_over or (surplus < 0 and known):
        demand(not after or len(before) > SWEEP_MAX, "the unhealthy have no orders", account, surplus, after)
    else:
        demand(gone == 0, "nobody cancels a healthy account's orders", account, surplus, known, gone)


def check_reduction(
    landed: Landed,
    ledger: AccountBook,
    change: Change,
    old: OrderBook,
    volume_atoms: int,
) -> None:
    """What reduces leaves an account no worse, or nearer to health for what a takeover costs; no debt."""
    key = landed.market
    margin = change.old
    assert key is not None
    assert isinstance(margin, Margin)
    market, new = ledger.perps.found[key], ledger.margins.found[change.key]
    before = health_of(_drawn(margin, key, market, old, change.key), ledger.perps.found, landed.now)
    after = health_of(new, ledger.perps.found, landed.now)
    cost_atoms = ceil_div(volume_atoms * market.rules.reward_bps, BPS)
    keeps = after.maintenance_surplus >= 0 and after.initial_surplus >= min(0, before.initial_surplus)
    demand(
        after.initial_surplus >= 0 or keeps or _nearer(before, after, cost_atoms),
        "reducing leaves an account no worse",
        change.key,
        before,
        after,
        cost_atoms,
    )
    leg = new.perps.get(key)
    if leg is not None:
        # What was returned is in its cost already.
        unpaid = -min(0, Stake.of(leg).claim_atoms(market, market.mark_ticks) + new.free_atoms)
        value = abs(leg.position_lots) * market.mark_ticks
        demand(unpaid <= value, "a debt stays with lots that could lose as much", change.key, unpaid, value)


def _nearer(before: Health, after: Health, cost_atoms: int) -> bool:
    sunk = after.equity < before.equity - cost_atoms
    return after.equity >= 0 and after.maintenance_surplus >= before.maintenance_surplus and not sunk


def _drawn(
    margin: Margin, key: Pubkey, market: exchange.PerpMarket, book: OrderBook, account: Pubkey
) -> Margin:
    """The account as it is with its seat at a market drawn."""
    leg, number = margin.perps[key], book.seat_of(account)
    stake = Stake.of(leg)
    quote, lots = stake.settled_atoms(market), stake.lots
    leg = replace(leg, haircut_atoms=0)
    if number is not None:
        seat = book.seats[number]
        came = Stake.of_seat(seat)
        quote, lots = quote + came.settled_atoms(market), lots + seat.lots
        leg = replace(
            leg,
            bid_lots=seat.bid_lots,
            bid_atoms=seat.bid_lots * seat.bid_max_ticks,
            ask_lots=seat.ask_lots,
            ask_atoms=seat.ask_lots * seat.ask_min_ticks,
        )
    losses = market.loss_short_index if lots < 0 else market.loss_long_index
    leg = replace(
        leg,
        position_lots=lots,
        quote_atoms=quote,
        funding_index=market.funding_index,
        loss_index=losses,
    )
    return replace(margin, perps={**margin.perps, key: leg})


# Insurance


def insurance_pays(market: exchange.PerpMarket, asked_atoms: int, cap_bps: int, now: int) -> int:
    """What of a deficit insurance pays now, by its share of a day."""
    begins = now - market.insurance_window_start >= DAY_S
    window = market.insurance_atoms if begins else market.insurance_window_atoms
    paid = 0 if begins else market.insurance_paid_atoms
    left = max(0, ceil_div(window * cap_bps, BPS) - paid)
    return min(asked_atoms, market.insurance_atoms, left)


def dues_paid(market: exchange.PerpMarket) -> exchange.PerpMarket:
    """A market once its pool has paid what it owes, insurance first."""
    insured = min(market.insurance_due_atoms, market.pool_atoms)
    fees = min(market.fees_due_atoms, market.pool_atoms - insured)
    return replace(
        market,
        pool_atoms=market.pool_atoms - insured - fees,
        insurance_due_atoms=market.insurance_due_atoms - insured,
        fees_due_atoms=market.fees_due_atoms - fees,
        insurance_atoms=market.insurance_atoms + insured,
        insurance_window_atoms=market.insurance_window_atoms + insured,
        fees_atoms=market.fees_atoms + fees,
    )


def insurance_needed(market: exchange.PerpMarket) -> int:
    """What insurance must hold for the positions that are open."""
    share = ceil_div(market.open_lots * market.mark_ticks * exchange.INSURANCE_REMOVABLE_BPS, BPS)
    return max(share, jump_atoms(market))


def jump_atoms(market: exchange.PerpMarket) -> int:
    """What positions in a bounded market could be short of, whatever its price jumps to."""
    uncovered_bps = BPS - market.rules.tiers[0].maintenance_bps
    return ceil_div(market.open_lots * market.rules.face_ticks * uncovered_bps, BPS)


def check_insurance(landed: Landed, old: exchange.PerpMarket, new: exchange.PerpMarket) -> None:
    """Insurance is given, earned, removed within its share, and returned to who bore what it did not pay."""
    lost = old.insurance_atoms - new.insurance_atoms
    if landed.name == "remove_insurance":
        cap_bps = exchange.INSURANCE_REMOVABLE_BPS
        demand(0 < lost == insurance_pays(old, lost, cap_bps, landed.now), "a share a day is removed", lost)
        demand(new.insurance_atoms >= insurance_needed(new), "what is open stays insured", new)
    elif landed.name == "return_haircut":
        spare = max(0, old.insurance_atoms - insurance_needed(old))
        asked = min(old.haircut_open_atoms, spare)
        given = insurance_pays(old, asked, old.rules.insurance_cap_bps // 2, landed.now)
        open_atoms, share, epoch = old.haircut_open_atoms - given, SHARE_ONE, old.recovery_epoch + 1
        if open_atoms:
            share = ceil_div(old.recovery_share * open_atoms, old.haircut_open_atoms)
            open_atoms, epoch = ceil_div(old.haircut_open_atoms * share, old.recovery_share), epoch - 1
            demand(share >= SHARE_MIN, "a share that says nothing is not returned", share)
        seen = (lost, new.haircut_open_atoms, new.recovery_share, new.recovery_epoch)
        demand(seen == (given, open_atoms, share, epoch), "what was borne is returned alike", seen, given)
    elif landed.name != "resolve_bankruptcy":
        demand(lost <= 0, "insurance pays for bankrupts alone", landed.name, lost)
