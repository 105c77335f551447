"""What single instructions of perpetuals may do: reserves, what is known, insurance and its returns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from account_book import Margin
from invariant import demand
from perp_accounts import BPS, ceil_div, health_of

from secant import exchange

if TYPE_CHECKING:
    from account_book import AccountBook, Change
    from perp_checks import Landed
    from solders.pubkey import Pubkey

# After these nothing leaves by what was stated of their accounts before.
VOIDING = {
    "draw_perp_seat", "settle_pnl", "cancel_perp_orders", "cancel_all_perp", "waive_haircut",
    "execute_trigger", "liquidate", "resolve_bankruptcy",
}  # fmt: skip
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


def is_known(landed: Landed, ledger: AccountBook, account: Pubkey) -> bool:
    """Whether an account's other legs' prices, and all fills there, are those of this slot."""
    slot = landed.slot
    markets = (
        (ledger.perps.found[key], key, leg) for key, leg in ledger.margins.found[account].perps.items()
    )
    return all(
        market.updated_slot == slot
        and (not leg.seat or (leg.drawn_slot == slot and market.loss_slot != slot))
        for market, key, leg in markets
        if key != landed.market
    )


def check_known(landed: Landed, ledger: AccountBook, account: Pubkey) -> None:
    """What counts with the whole of an account knows its other legs."""
    legs = ledger.margins.found[account].perps
    known = is_known(landed, ledger, account)
    demand(known, "other legs are up to date and drawn", landed.name, account, legs)


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
