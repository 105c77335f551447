"""What the client sees of perpetuals: frozen values, in decimal numbers, that hold no connection."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from solders.pubkey import Pubkey

    from .results import Side

__all__ = [
    "Funding",
    "PerpBookView",
    "PerpCluster",
    "PerpCrowd",
    "PerpHealth",
    "PerpLevel",
    "PerpLimits",
    "PerpOrderView",
    "PerpPausable",
    "PerpPosition",
    "PerpRuleChange",
    "PerpRulesView",
    "PerpStatus",
    "PerpTierView",
    "PerpView",
    "PositionSide",
    "PriceProblem",
    "PriceQuality",
]


class PositionSide(StrEnum):
    """What a position is."""

    LONG = "long"
    SHORT = "short"
    FLAT = "flat"


class PerpStatus(StrEnum):
    """Where it stands: open; reducing only in its last hour; closed; at its price; paying winners."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    SETTLED = "settled"
    PAYING = "paying"


class PriceProblem(StrEnum):
    """What is wrong with a market's price."""

    STALE = "stale"
    LONG_STALE = "long stale"
    UNCERTAIN = "uncertain"
    VOLATILE = "volatile"


class PerpPausable(StrEnum):
    """What can be paused in one market."""

    OPEN = "open"
    LIQUIDATE = "liquidate"
    PROFITS = "profits"


@dataclass(frozen=True, slots=True)
class PriceQuality:
    """How good a market's price is.

    Attributes:
        problems: What is wrong with it; empty for a good one.
        why: The same in words, with times and prices; empty for a good one.
        agreed: When the feed's last agreed reading was taken.
        opens: Whether positions may be raised by it, and profits taken out.
        liquidates: Whether accounts may be liquidated by it.
    """

    problems: tuple[PriceProblem, ...]
    why: str
    agreed: datetime
    opens: bool
    liquidates: bool


@dataclass(frozen=True, slots=True)
class Funding:
    """What longs pay shorts, as shares of the index; negative where shorts pay.

    Attributes:
        day: At present, a day.
        hour: The same, an hour.
        year: The same, 365 days.
        predicted_day: What the next hour pays a day, by the premium seen in this one so far.
        amount_day: What one base unit that is long pays a day at present, in collateral.
        max_day: The most of `day`.
        next: When the next hour begins.
    """

    day: Decimal
    hour: Decimal
    year: Decimal
    predicted_day: Decimal
    amount_day: Decimal
    max_day: Decimal
    next: datetime


@dataclass(frozen=True, slots=True)
class PerpTierView:
    """What the part of a position's value from here on requires.

    Attributes:
        from_value: From which value on.
        initial: Share that opening requires.
        maintenance: Share that keeping requires.
        leverage: One by `initial`.
    """

    from_value: Decimal
    initial: Decimal
    maintenance: Decimal
    leverage: Decimal


@dataclass(frozen=True, slots=True)
class PerpLimits:
    """What a market allows.

    Attributes:
        position: Most base units that an account holds, its open orders included.
        open: Most base units that are open in all.
        min_order: Least base units of an order that rests.
        price_min: Lowest price that anything is sold at, by the mark as it is.
        price_max: Highest price that anything is bought at.
        profits_hour: Most profits that leave the pool in an hour.
        stale_s: Seconds after which a reading is too old to open by.
    """

    position: Decimal
    open: Decimal
    min_order: Decimal
    price_min: Decimal
    price_max: Decimal
    profits_hour: Decimal
    stale_s: int


@dataclass(frozen=True, slots=True)
class PerpRuleChange:
    """A rule that is proposed to change, as the program has it.

    Attributes:
        rule: Its name in the program, unit last.
        before: What it is; None for a tier that is not there.
        after: What it would be.
    """

    rule: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class PerpRulesView:
    """A market's rules in force beside its tiers, fees and limits; each means what it does in `PerpTerms`.

    Attributes:
        near: How far from the mark orders trade, as a share of it.
        near_price: And so much more, as a price.
        shock: How far the price may be from its five-minute average, as a share.
        shock_price: And so much more, as a price.
        funding: Most that is paid in funding a day, as a share of the index.
        funding_price: And so much more, as a price.
        reward: Least reward of a liquidation, as a share of the value.
        reward_max: The reward of liquidating an account that is worth nothing.
        insurance_fee: What insurance earns by a liquidation.
        insurance_day: Most of its balance that insurance pays in a day.
        dust_value: A position that a liquidation would leave worth less is closed whole.
        impact_size: Base units of the orders that the impact prices are for.
        size_premium_ppb: Share of the value that opening requires at least, in 10^-9 for each root of lots.
    """

    near: Decimal
    near_price: Decimal
    shock: Decimal
    shock_price: Decimal
    funding: Decimal
    funding_price: Decimal
    reward: Decimal
    reward_max: Decimal
    insurance_fee: Decimal
    insurance_day: Decimal
    dust_value: Decimal
    impact_size: Decimal
    size_premium_ppb: int


@dataclass(frozen=True, slots=True)
class PerpView:
    """A perpetual. Prices are collateral a base unit, sizes are base units.

    Attributes:
        address: Its address.
        name: Its name, unique on the exchange.
        feed: The feed that it follows.
        exponent: The feed's; None once that is closed: prices and sizes are then in feed units.
        book: Its order book.
        tick_size: What prices are multiples of.
        lot_size: What sizes are multiples of.
        index: The feed's last agreed price.
        mark: The price at which positions count.
        last: What last traded; None if nothing did.
        average: The index's average over five minutes.
        basis: The mark less the index.
        funding: What longs pay shorts.
        open_lots: Lots that are open, counted on one side.
        open_size: The same in base units.
        open_value: The same at the mark.
        pool: Losses paid in, less profits paid out.
        insurance: What insurance holds.
        fees: Fees not collected yet, those the pool still owes included.
        haircuts: What winners have borne of losers' debts in all.
        taker_fee: What a taker pays, as a share of the value.
        maker_rebate: What a maker gets out of that.
        tiers: What positions require, by value.
        limits: What the market allows.
        rules: Its other rules in force.
        quality: How good the price is.
        paused: What is paused.
        face: What a base unit is worth at most; None where the price is not bounded.
        status: Where it stands.
        closes: When it closes; None for never.
        settlement: The price that all settles at, once it is fixed.
        pays: When its winners are paid, a day after that; None before.
        new_rules: When rules that are proposed may come into force; None while none are.
        rule_changes: What they would change.
        updated: When the market was last brought up to date: what is said here is so as of then.
    """

    address: Pubkey
    name: str
    feed: Pubkey
    exponent: int | None
    book: Pubkey
    tick_size: Decimal
    lot_size: Decimal
    index: Decimal
    mark: Decimal
    last: Decimal | None
    average: Decimal
    basis: Decimal
    funding: Funding
    open_lots: int
    open_size: Decimal
    open_value: Decimal
    pool: Decimal
    insurance: Decimal
    fees: Decimal
    haircuts: Decimal
    taker_fee: Decimal
    maker_rebate: Decimal
    tiers: tuple[PerpTierView, ...]
    limits: PerpLimits
    rules: PerpRulesView
    quality: PriceQuality
    paused: tuple[PerpPausable, ...]
    face: Decimal | None
    status: PerpStatus
    closes: datetime | None
    settlement: Decimal | None
    pays: datetime | None
    new_rules: datetime | None
    rule_changes: tuple[PerpRuleChange, ...]
    updated: datetime


@dataclass(frozen=True, slots=True)
class PerpLevel:
    """All orders of a price.

    Attributes:
        price: Collateral a base unit.
        size: Base units open in all.
        orders: How many orders.
        depth: Value from the best price down to here, at each order's price.
    """

    price: Decimal
    size: Decimal
    orders: int
    depth: Decimal


@dataclass(frozen=True, slots=True)
class PerpBookView:
    """The order book of a perpetual.

    Attributes:
        address: Its address.
        market: The perpetual.
        bids: Levels that buy, the best first; expired orders are left out.
        asks: Levels that sell, the best first.
        spread: Best ask less best bid; None if a side is empty.
        changes: How often its orders have changed.
    """

    address: Pubkey
    market: Pubkey
    bids: tuple[PerpLevel, ...]
    asks: tuple[PerpLevel, ...]
    spread: Decimal | None
    changes: int


@dataclass(frozen=True, slots=True)
class PerpOrderView:
    """An order that rests in a perpetual's book.

    Attributes:
        id: Its number, unique in its book.
        market: The perpetual.
        name: Its name.
        account: The margin account it belongs to.
        side: Whether it buys or sells.
        price: Collateral a base unit.
        size: Base units still open.
        client_id: Its owner's own mark.
        expires: When it stops trading, UTC; None for never.
        is_expired: Whether that has come.
        place: Where it lay in the book when it was read.
    """

    id: int
    market: Pubkey
    name: str
    account: Pubkey
    side: Side
    price: Decimal
    size: Decimal
    client_id: int
    expires: datetime | None
    is_expired: bool
    place: int


@dataclass(frozen=True, slots=True)
class PerpPosition:
    """What an account has in one perpetual, what its orders brought and nobody has drawn included.

    Attributes:
        market: The perpetual.
        name: Its name.
        side: Whether it is long, short, or flat with something left to settle or open orders.
        size: Base units, never negative.
        value: At the mark.
        mark: The mark; the price that all settles at, once it is fixed.
        status: Where its market stands. Once that has settled nobody is liquidated in it, and until it pays
            its winners the position still requires what opening it would.
        pays: When its market pays its winners; None before it has settled.
        break_even: The price at which closing it leaves neither profit nor loss from here: of all fees,
            funding and trades since `settle_pnl` last moved profit or loss between it and the cash, which
            moves this price to the mark. No entry price: the chain keeps none. None if it is flat.
        profit: What it is worth at the mark and not settled: its claim on the market's pool. What was settled
            before is in the cash.
        unsettled: Funding and losses in `profit` that no instruction has booked yet; negative if it pays.
        initial: What opening it requires with its open orders; twice as much where the price is doubtful.
        maintenance: What keeping it requires.
        liquidation_price: The mark at which the account is liquidated, all other prices as they are; None if
            there is none.
        borne: What it bore of losers' debts, and was not given back: the leg stays until it is, or waived.
        returned: What was given back of that, to be credited when the position is next touched.
        bid_size: Base units of open bids.
        ask_size: Base units of open asks.
        wants_draw: Whether its orders have brought something that is not drawn yet.
        has_seat: Whether it has a seat in the book, which a liquidation wants drawn.
    """

    market: Pubkey
    name: str
    side: PositionSide
    size: Decimal
    value: Decimal
    mark: Decimal
    status: PerpStatus
    pays: datetime | None
    break_even: Decimal | None
    profit: Decimal
    unsettled: Decimal
    initial: Decimal
    maintenance: Decimal
    liquidation_price: Decimal | None
    borne: Decimal
    returned: Decimal
    bid_size: Decimal
    ask_size: Decimal
    wants_draw: bool
    has_seat: bool


@dataclass(frozen=True, slots=True)
class PerpHealth:
    """Where an account stands with its perpetuals.

    Attributes:
        account: The margin account.
        owner: Whose it is.
        free: Its collateral, less what events hold at worst.
        equity: The same with all unrealised profits and losses at the marks.
        initial: What opening requires.
        maintenance: What keeping requires.
        initial_surplus: What is left to open more, unrealised losses counted at the strict prices and profits
            not at all; negative where it is missing.
        maintenance_surplus: What is left until it is liquidated; negative for an account that can be.
        withdrawable: What may leave.
        margin_ratio: `maintenance` by `equity`: liquidated above 1; None without positions or equity.
        leverage: Value of all positions by `equity`; None without equity.
        is_liquidatable: Whether anyone may take its positions over.
        positions: By name.
    """

    account: Pubkey
    owner: Pubkey
    free: Decimal
    equity: Decimal
    initial: Decimal
    maintenance: Decimal
    initial_surplus: Decimal
    maintenance_surplus: Decimal
    withdrawable: Decimal
    margin_ratio: Decimal | None
    leverage: Decimal | None
    is_liquidatable: bool
    positions: tuple[PerpPosition, ...]


@dataclass(frozen=True, slots=True)
class PerpCluster:
    """Positions that are liquidated between two prices.

    Attributes:
        low: From this price on.
        high: Up to this price, itself not included.
        long_value: Value at the mark of what is long.
        short_value: Of what is short.
        accounts: How many accounts.
    """

    low: Decimal
    high: Decimal
    long_value: Decimal
    short_value: Decimal
    accounts: int


@dataclass(frozen=True, slots=True)
class PerpCrowd:
    """Who holds a perpetual, and at which prices they would be liquidated.

    Attributes:
        market: The perpetual.
        name: Its name.
        mark: The mark.
        longs: Accounts that are long.
        shorts: Accounts that are short.
        size: Base units open: as many are short as are long.
        long_mean: Base units that an account that is long holds on average; 0 without any.
        short_mean: The same of those that are short.
        ratio_by_accounts: Longs by shorts; None without shorts.
        ratio_by_size: `long_mean` by `short_mean`: above 1 the longs are the larger; None without either.
        clusters: By rising price, those without positions left out.
        safe_value: Value at the mark of positions that no price of this market liquidates.
    """

    market: Pubkey
    name: str
    mark: Decimal
    longs: int
    shorts: int
    size: Decimal
    long_mean: Decimal
    short_mean: Decimal
    ratio_by_accounts: Decimal | None
    ratio_by_size: Decimal | None
    clusters: tuple[PerpCluster, ...]
    safe_value: Decimal
