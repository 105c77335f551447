"""The perpetuals of a marketplace, two to start with, one of them on a probability; what their feeds say."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from account_book import book_of
from solders.instruction import AccountMeta

from perp_world import RULES
from secant import exchange, oracle

if TYPE_CHECKING:
    from marketplace import Marketplace
    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

UNITS_PER_TICK = 100
UNIT_ATOMS = 10**6
_UNUSED = RULES.tiers[-1]
COIN = replace(
    RULES,
    tiers=(RULES.tiers[0], replace(RULES.tiers[1], from_atoms=2_000 * UNIT_ATOMS), _UNUSED, _UNUSED),
    position_max_lots=2**26,
    open_max_lots=2**27,
    impact_lots=400,
    lots_min=50,
    insurance_cap_bps=5_000,
)
"""Ten times leverage up to two thousand, five beyond."""
ODDS = replace(
    RULES,
    tiers=(replace(RULES.tiers[0], initial_bps=10_000, maintenance_bps=9_900), _UNUSED, _UNUSED, _UNUSED),
    tier_count=1,
    position_max_lots=2**22,
    open_max_lots=2**23,
    impact_lots=80,
    lots_min=10,
    profits_max_atoms=500 * UNIT_ATOMS,
    size_premium_ppb=300_000,
    near_ticks=200,
    near_bps=0,
    shock_ticks=3_000,
    shock_bps=0,
    funding_ticks=100,
    funding_bps=0,
    face_ticks=10_000,
    reward_bps=100,
    reward_max_bps=500,
    insurance_bps=100,
    insurance_cap_bps=10_000,
)
"""A probability: guards and funding in points, twice leverage."""


@dataclass(frozen=True, slots=True)
class Start:
    """A perpetual to begin with: its name, rules, price, and how many publishers of how many."""

    name: str
    rules: exchange.PerpRules
    price_ticks: int
    publishers: int
    quorum: int
    range_ticks: tuple[int, int]
    open_s: int = 0
    """Seconds until it closes; 0 if it does not."""
    insurance_atoms: int = 0


STARTS = (
    Start("coin", COIN, 10_000, 3, 2, (300, 100_000)),
    Start("metal", COIN, 20_000, 1, 1, (300, 100_000)),
    Start("odds", ODDS, 5_000, 1, 1, (1, 9_999), 3 * 86_400, 1_500 * UNIT_ATOMS),
)
ADMIN = -1  # which of the users runs the exchange
READINGS = ("agree", "disagree", "wide", "one", "old", "none", "absurd")
"""How publishers say a price: the same, far apart, with wide quotes, one alone, late, halved, absurdly."""


def open_perps(market: Marketplace) -> None:
    """The first perpetuals, and their feeds."""
    world = market.world
    for start in STARTS:
        publishers = [user.keys for user in market.users[: start.publishers]]
        name = f"feed of {start.name}"
        feed = world.new_feed(publishers, quorum=start.quorum, name=name, width_max=20_000)
        market.book.watch(market.book.perp_feeds, feed)
        market.ranges[feed] = start.range_ticks
        said = readings(market, feed, start.price_ticks, "agree")
        for publisher, reading in zip(publishers, said, strict=True):
            world.run(reading, signers=[publisher])
        close_time = world.now + start.open_s if start.open_s else 0
        terms = (feed, start.rules, close_time)
        create, key = creation(market, world.exchange_address, start.name, terms)
        world.run(create, signers=[world.admin])
        if start.insurance_atoms:
            account, amount = market.users[ADMIN].account, start.insurance_atoms
            owner = world.admin.pubkey()
            insure = exchange.add_insurance(owner=owner, account=account, market=key, amount_atoms=amount)
            world.run(insure, signers=[world.admin])
        market.book.watch(market.book.perps, key)
        market.book.watch(market.book.perp_books, book_of(bytes(key)))


def creation(
    market: Marketplace, desk: Pubkey, name: str, terms: tuple[Pubkey, exchange.PerpRules, int]
) -> tuple[Instruction, Pubkey]:
    """The instruction that creates a perpetual over a feed, by rules, until a time; and its address."""
    market_id = name.encode().ljust(32, b"\0")
    key = exchange.find_market(exchange=desk, market_id=market_id)
    state = market.book.exchanges.found.get(desk)
    instruction = exchange.create_perp(
        admin=state.admin if state is not None else market.world.admin.pubkey(),
        exchange=desk,
        feed=terms[0],
        market_id=market_id,
        rules=terms[1],
        close_time=terms[2],
        market=key,
        book=book_of(bytes(key)),
    )
    return instruction, key


def readings(market: Marketplace, feed: Pubkey, price_ticks: int, how: str) -> list[Instruction]:
    """What the feed's publishers send, each its own."""
    state = market.book.perp_feeds.found.get(feed)
    if state is None:
        return []  # closed by its authority
    width = state.width_max
    said = []
    for place, publisher in enumerate(state.publishers[: state.publisher_count]):
        middle, now = price_ticks * UNITS_PER_TICK, market.world.now
        half = 0
        if how == "disagree":
            middle += place * (width + UNITS_PER_TICK)
            half = width // 2 + 1 if state.publisher_count == 1 else 0
        elif how == "wide":
            half = width // 2 + 1
        elif how == "old":
            now -= 30
        elif how == "absurd":
            middle = (2**24 + place) * UNITS_PER_TICK
        quote = (middle - half, middle + half) if how != "none" else (-(2**63), middle)
        if how != "one" or place == price_ticks % state.publisher_count:
            reading = struct.pack("<qqq", now, *quote)
            said.append(oracle.publish(publisher=publisher, feed=feed, readings=reading))
    return said


def update(market: Marketplace, key: Pubkey) -> Instruction:
    """Brings a market up to date."""
    return exchange.update_funding(**places(market, key))


def places(market: Marketplace, key: Pubkey) -> dict[str, Pubkey]:
    """The accounts of a market."""
    return {"market": key, "feed": market.book.perps.found[key].feed, "book": book_of(bytes(key))}


def others(market: Marketplace, *accounts: Pubkey, apart: Pubkey | None = None) -> list[AccountMeta]:
    """The markets of the accounts' perpetual legs but for one, as remaining accounts."""
    found: dict[Pubkey, None] = {}
    for account in accounts:
        for key in market.book.margins.found[account].perps:
            if key != apart:
                found[key] = None
    return [AccountMeta(key, is_signer=False, is_writable=False) for key in found]
