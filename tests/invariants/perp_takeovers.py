"""What a liquidation or a bankruptcy may do: to whom, for what, and what it leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from account_book import Margin
from invariant import demand
from perp_accounts import (
    PRICE_MAX_TICKS,
    Stake,
    Takeover,
    ceil_div,
    health_of,
    is_paying,
    may_liquidate,
    uncovered,
    unpaid_atoms,
    value_ticks,
)
from perp_conduct import check_known, insurance_pays

from secant import exchange

if TYPE_CHECKING:
    from account_book import AccountBook, Change
    from perp_accounts import Health
    from perp_checks import Landed, Move
    from solders.pubkey import Pubkey

TAKER_AT, ACCOUNT_AT, MARKET_AT = 2, 3, 4


def check_takeover(
    landed: Landed,
    ledger: AccountBook,
    markets: tuple[exchange.PerpMarket, exchange.PerpMarket],
    moves: dict[Pubkey, Move],
    by_key: dict[Pubkey, Change],
) -> None:
    """Checks a takeover by what the account was before it, at the prices that it was brought up to."""
    old_market, market = markets
    key, change = landed.account(MARKET_AT), by_key[landed.account(ACCOUNT_AT)]
    old, new = change.old, change.new
    assert isinstance(old, Margin)
    assert isinstance(new, Margin)
    demand(may_liquidate(market, landed.now), "taking over needs a fair price", market)
    paused = market.pause_bits & exchange.PERP_PAUSE_LIQUIDATE and not market.settlement_ticks
    demand(not paused, "a pause stops liquidations until a market is settled", market)
    demand(not any(leg.seat for leg in old.perps.values()), "orders are cancelled first", old.perps)
    perps = {**ledger.perps.found, key: uncovered(old_market, market)}
    before = health_of(old, perps, landed.now, settled=key)
    demand(before.maintenance_surplus < 0, "who is taken over was unhealthy", change.key, before)
    elsewhere = health_of(old, ledger.perps.found, landed.now, apart=key)
    lots = Stake.of(old.perps[key]).lots
    rules = replace(market.rules, reward_bps=0) if market.settlement_ticks else market.rules
    each = value_ticks(market, lots)
    case = Takeover(rules, before.equity, elsewhere.maintenance, abs(lots), each)
    closed = abs(lots) - abs(new.perps[key].position_lots if key in new.perps else 0)
    _check_parts(landed, (old_market, market), case, (old, new), moves, closed)
    after = health_of(new, ledger.perps.found, landed.now)
    stake = Stake.of(old.perps[key])
    closable = _closable_lots(stake, (uncovered(old_market, market), market), elsewhere, case)
    if landed.name == "liquidate":
        demand(not case.is_bankrupt, "who is worth a reward is liquidated", change.key, case)
        _check_amount(case, closed, min(lots_max_of(landed), closable), after)
        if key in new.perps:
            unpaid = unpaid_atoms(Stake.of(new.perps[key]), market, elsewhere)
            value = abs(new.perps[key].position_lots) * market.mark_ticks
            demand(
                unpaid <= value, "a debt stays with lots that could lose as much", change.key, unpaid, value
            )
    else:
        demand(case.is_bankrupt, "who cannot pay a reward is bankrupt", change.key, case)
        asked = abs(lots) if lots_max_of(landed) >= abs(lots) else min(lots_max_of(landed), closable)
        asked = 0 if market.settlement_ticks else asked
        demand(closed == asked, "as much of a bankrupt is closed as asked for", change.key, lots, closed)
        if lots and len(old.perps) == 1 and closed == abs(lots):
            left = [leg for leg in new.perps.values() if leg.position_lots or leg.quote_atoms]
            demand(after.equity >= 0 and not left, "a bankruptcy leaves no debt", change.key, after)
    taker = ledger.margins.found[landed.account(TAKER_AT)]
    demand(bool(landed.signers & {taker.owner, taker.raw.delegate}), "who takes over signs", taker)
    health = health_of(taker, ledger.perps.found, landed.now)
    check_known(landed, ledger, change.key)
    if closed:
        check_known(landed, ledger, landed.account(TAKER_AT))
    affords = health.initial_surplus >= 0 or not closed
    demand(affords, "who takes over can afford it", taker, health)


def lots_max_of(landed: Landed) -> int:
    """How much was asked for."""
    return int.from_bytes(bytes(landed.instruction.data)[8:16], "little")


def _check_parts(
    landed: Landed,
    markets: tuple[exchange.PerpMarket, exchange.PerpMarket],
    case: Takeover,
    margins: tuple[Margin, Margin],
    moves: dict[Pubkey, Move],
    closed: int,
) -> None:
    """Lots go over at the mark; the account pays reward and insurance, and its debt alone is covered."""
    (old_market, market), (old, new) = markets, margins
    account, taker = landed.account(ACCOUNT_AT), landed.account(TAKER_AT)
    sign = -1 if old.perps[landed.account(MARKET_AT)].position_lots < 0 else 1
    value, counted = sign * closed * market.mark_ticks, closed * case.value_ticks
    insurance = market.insurance_due_atoms - old_market.insurance_due_atoms
    insured = old_market.insurance_atoms - market.insurance_atoms
    covered = market.haircut_atoms - old_market.haircut_atoms + insured
    if landed.name == "liquidate":
        equity = max(0, case.equity_atoms)
        reward = min(equity, counted * case.reward_bps() // 10_000)
        share = min(equity - reward, counted * case.rules.insurance_bps // 10_000)
        demand((insurance, covered) == (share, 0), "insurance earns its share", insurance, share, covered)
    else:
        reward = case.least_reward_atoms(closed)
        leg = Stake.of(old.perps[landed.account(MARKET_AT)])
        claim = leg.claim_atoms(uncovered(old_market, market), market.mark_ticks)
        whole = case.least_reward_atoms(case.lots)
        short = max(0, whole - claim)
        due = min(short, max(0, old.free_atoms))
        lacking = min(short - due, max(0, whole - case.equity_atoms))
        if lots_max_of(landed) < case.lots and not market.settlement_ticks:
            lacking = ceil_div(lacking * closed, case.lots)
        expected = covered_atoms((old_market, market), lacking, leg.lots, landed.now)
        seen = (insurance, insured, market.haircut_atoms - old_market.haircut_atoms)
        demand(seen == (0, *expected), "a debt alone is covered", seen, expected, case)
        if closed == case.lots:  # with the last lots it pays what is still owed
            due += min(max(0, reward - claim - due - covered), max(0, old.free_atoms - due))
    if landed.name == "liquidate":
        leg = Stake.of(old.perps[landed.account(MARKET_AT)])
        claim = leg.claim_atoms(market, market.mark_ticks) - reward - insurance
        due = min(max(0, -claim), max(0, old.free_atoms)) if closed == case.lots else 0
    paid = old.cash_atoms - new.cash_atoms
    demand(paid == due, "a loss is paid of what is free", account, paid, due)
    gained = (-sign * closed, value - reward - insurance + covered + paid)
    expected = {account: gained, taker: (sign * closed, reward - value)}
    demand(
        moves == {key: move for key, move in expected.items() if any(move)},
        "a position goes over at the mark, less its cost",
        moves,
        expected,
    )


def covered_atoms(
    markets: tuple[exchange.PerpMarket, exchange.PerpMarket], lacking: int, lots: int, now: int
) -> tuple[int, int]:
    """What insurance pays of a debt, and what the other side bears: nobody once winners are paid."""
    old_market, market = markets
    insured = insurance_pays(old_market, lacking, market.rules.insurance_cap_bps, now)
    most = market_most(old_market) if lots and not is_paying(market, now) else 0
    return insured, min(lacking - insured, most)


def market_most(market: exchange.PerpMarket) -> int:
    """The most that a side bears: the highest price for each of its lots."""
    return market.open_lots * PRICE_MAX_TICKS


def _closable_lots(
    stake: Stake,
    markets: tuple[exchange.PerpMarket, exchange.PerpMarket],
    elsewhere: Health,
    case: Takeover,
) -> int:
    """How many lots may go so that what nothing pays of the loss stays with lots that could lose as much.

    The most that closing may cost is a part of it; what the account lacks in all is borne lot by lot.
    """
    uncovered_market, market = markets
    cost_bps = market.rules.reward_max_bps + market.rules.insurance_bps
    cost = min(ceil_div(case.lots * case.value_ticks * cost_bps, 10_000), max(0, case.equity_atoms))
    after = replace(stake, quote_atoms=stake.quote_atoms - cost)
    unpaid = max(0, unpaid_atoms(after, uncovered_market, elsewhere) + min(0, case.equity_atoms))
    return max(0, case.lots - ceil_div(unpaid, market.mark_ticks))


def _check_amount(case: Takeover, closed: int, lots_max: int, after: Health) -> None:
    """The least is closed that restores health; all that may go where nothing does, or dust would be left."""
    demand(0 < closed <= lots_max, "no more than may go is closed", closed, lots_max)
    dusty = (case.lots - closed) * case.value_ticks < case.rules.dust_atoms
    if closed not in (case.lots, lots_max):
        demand(case.is_restored_by(closed) and not dusty, "who is liquidated is restored", case, closed)
        demand(after.maintenance_surplus >= 0, "who is liquidated is restored", case, after)
    if closed < case.lots:
        demand(not case.is_restored_by(closed - 1), "no more than needed is closed", case, closed)
