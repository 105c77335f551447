from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from exchange.refusals import (
    NOT_EXECUTABLE,
    SYSTEM_ALREADY_IN_USE,
    SYSTEM_INSUFFICIENT_FUNDS,
    UNSIGNED,
    WRONG_PROGRAM,
    WRONG_SEEDS,
    Refusal,
    Substitution,
    substitutions,
)
from perp_world import RULES
from secant import exchange

from .scene import BOUNDED, PRICE_TICKS, PerpScene
from .substitutes import EXCHANGE, FEED, NEW_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable

MARKET_ID = b"BTC".ljust(32, b"\0")
NO_TIER = exchange.PerpTier(from_atoms=0, initial_bps=0, maintenance_bps=0)
SYSTEM_PROGRAM: dict[str, str] = {
    "token_program": WRONG_PROGRAM,
    "oracle_program": WRONG_PROGRAM,
    "nobody": NOT_EXECUTABLE,
    "foreign_exchange": NOT_EXECUTABLE,
}


def arrange(scene: PerpScene) -> None:
    """A feed that has just said 10,000 ticks."""
    scene.feed = _feed(scene, "new")
    scene.world.publish_price(scene.feed, PRICE_TICKS)


def _feed(scene: PerpScene, name: str) -> Pubkey:
    return scene.world.new_feed([scene.world.publisher], name=name, width_max=50_000_000)


def call(scene: PerpScene, *, close_time: int = 0, **changes: Any) -> Instruction:
    exchange_address = scene.world.exchange_address
    market = exchange.find_market(exchange=exchange_address, market_id=MARKET_ID)
    return exchange.create_perp(
        admin=scene.world.admin.pubkey(),
        exchange=exchange_address,
        feed=scene.feed,
        market=market,
        book=exchange.find_book(event=market, outcome=0),
        market_id=MARKET_ID,
        rules=replace(RULES, **changes),
        close_time=close_time,
    )


def tiers(*rows: tuple[int, int, int], count: int | None = None) -> dict[str, Any]:
    """Tiers from (value, initial, maintenance)."""
    stated = [
        exchange.PerpTier(from_atoms=start, initial_bps=initial, maintenance_bps=maintenance)
        for start, initial, maintenance in rows
    ]
    return {
        "tiers": (*stated, *[NO_TIER] * (4 - len(stated))),
        "tier_count": len(stated) if count is None else count,
    }


TICKS_MAX = 2**24 - 1
INVALID: dict[str, dict[str, Any]] = {
    "no tier": {"tier_count": 0},
    "five tiers": {"tier_count": 5},
    "a first tier that is not from nothing": tiers((1, 1_000, 500)),
    "a tier that is missing": tiers((0, 1_000, 500), count=2),
    "two tiers from one value": tiers((0, 1_000, 500), (0, 2_000, 1_000)),
    "a tier that asks opening for no more": tiers((0, 1_000, 500), (1, 1_000, 600)),
    "a tier that asks keeping for no more": tiers((0, 1_000, 500), (1, 2_000, 500)),
    "keeping for nothing": tiers((0, 1_000, 0)),
    "opening for no more than keeping": tiers((0, 1_000, 1_000)),
    "opening for more than all": tiers((0, 10_001, 500)),
    "no units in a tick": {"units_per_tick": 0},
    "no lots": {"position_max_lots": 0},
    "a lot too many": {"position_max_lots": 2**34 + 1},
    "no lots open": {"open_max_lots": 0},
    "a lot too many open": {"open_max_lots": 2**38 + 1},
    "impact of nothing": {"impact_lots": 0},
    "impact of more than eight least orders": {"lots_min": 10, "impact_lots": 81},
    "least lots of none": {"lots_min": 0},
    "least lots beyond a position": {"position_max_lots": 100, "lots_min": 101},
    "stale at once": {"stale_s": 0},
    "stale after more than an hour": {"stale_s": 3_601},
    "a fee beyond 1%": {"taker_fee_ppm": 10_001},
    "a rebate beyond the fee": {"maker_rebate_ppm": 451},
    "a band beyond what keeping requires": {"near_bps": 501},
    "no band": {"near_bps": 0},
    "a shock beyond 90%": {"shock_bps": 9_001},
    "no shock": {"shock_bps": 0},
    "funding beyond 20%": {"funding_bps": 2_001},
    "a band beyond all prices": {"near_ticks": TICKS_MAX + 1},
    "a shock beyond all prices": {"shock_ticks": TICKS_MAX + 1},
    "funding beyond all prices": {"funding_ticks": TICKS_MAX + 1},
    "no reward": {"reward_bps": 0},
    "a least reward beyond the greatest": {"reward_bps": 251},
    "a reward beyond what keeping requires": {"reward_max_bps": 451},
    "insurance beyond what keeping requires": {"insurance_bps": 251},
    "insurance that pays more than all": {"insurance_cap_bps": 10_001},
    "insurance that pays less than 1%": {"insurance_cap_bps": 99},
    "no profits": {"profits_max_atoms": 0},
    "profits of which no half can leave": {"profits_max_atoms": 1},
    "profits beyond the most": {"profits_max_atoms": 10**13 + 1},
    "dust beyond the most": {"dust_atoms": 10**9 + 1},
    "a bound beyond all prices": {**BOUNDED, "face_ticks": TICKS_MAX + 1},
    "a bound, and insurance that pays less than all": {**BOUNDED, "insurance_cap_bps": 9_999},
    "a bound, and a band in shares": {**BOUNDED, "near_bps": 1},
    "a bound, and a shock in shares": {**BOUNDED, "shock_bps": 1},
    "a bound, and opening for less than all": {**BOUNDED, **tiers((0, 9_999, 9_900))},
    "a bound, and keeping for less than nearly all": {**BOUNDED, **tiers((0, 10_000, 9_899))},
}

SUBSTITUTED = substitutions(
    "create_perp",
    {
        "admin": {"unsigned": UNSIGNED, "read_only": UNSIGNED, "nobody": SYSTEM_INSUFFICIENT_FUNDS}
        | dict.fromkeys(("alice", "pauser", "foreign_admin"), "AdminMismatch"),
        "exchange": EXCHANGE | {"foreign_exchange": WRONG_SEEDS},
        "feed": {name: refused for name, refused in FEED.items() if not name.endswith("_feed")},
        "market": NEW_ACCOUNT,
        "book": NEW_ACCOUNT,
        "system_program": SYSTEM_PROGRAM,
    },
)


def _elsewhere(scene: PerpScene) -> Instruction:
    """The market of a name at the address of another's."""
    creating = call(scene)
    data = bytearray(creating.data)
    data[8:11] = b"ETC"
    return Instruction(creating.program_id, bytes(data), creating.accounts)


def bounded(scene: PerpScene, **changes: Any) -> Instruction:
    """A market of probabilities that ends in a day."""
    return call(scene, close_time=scene.world.now + 86_400, **{**BOUNDED, **changes})


def _without_reading(scene: PerpScene) -> None:
    scene.feed = _feed(scene, "silent")


def _with(changes: dict[str, Any]) -> Callable[[PerpScene], Instruction]:
    return lambda scene: call(scene, **changes)


REFUSED: list[Refusal[PerpScene]] = [
    *[Refusal(title, "PerpRulesInvalid", _with(changes)) for title, changes in INVALID.items()],
    Refusal("a feed that has said nothing", "PriceUnfit", call, _without_reading),
    Refusal("a stale reading", "PriceUnfit", call, lambda s: s.world.set_time(s.world.now + 61)),
    Refusal("a price at its bound", "PriceUnfit", lambda s: bounded(s, face_ticks=PRICE_TICKS)),
    Refusal("a price below nothing", "PriceUnfit", call, lambda s: _say(s, -1)),
    Refusal("a bound without an end", "TimesInvalid", lambda s: call(s, **BOUNDED)),
    Refusal("an end within the hour", "TimesInvalid", lambda s: call(s, close_time=s.world.now + 3_600)),
    Refusal("an end that has passed", "TimesInvalid", lambda s: call(s, close_time=-1)),
    Refusal("a name that is taken", SYSTEM_ALREADY_IN_USE, call, lambda s: s.run(call(s))),
    Refusal("another name's address", WRONG_SEEDS, _elsewhere),
    Refusal("paused", "Paused", call, lambda s: s.run(s.pause(exchange.PAUSE_CREATE))),
]


def _say(scene: PerpScene, price_ticks: int) -> None:
    scene.world.set_time(scene.world.now + 1)
    scene.world.publish_price(scene.feed, price_ticks)


def test_creates_a_market_and_its_book(arranged: PerpScene) -> None:
    scene = arranged
    creating = call(scene)
    market, book = (creating.accounts[place].pubkey for place in (3, 4))
    assert scene.run(creating) == [exchange.PerpCreated(market=market, feed=scene.feed)]
    now = scene.world.now
    perp = scene.world.perp(market)
    stated = {
        "exchange": scene.world.exchange_address,
        "feed": scene.feed,
        "market_id": MARKET_ID,
        "rules": RULES,
        "updated_at": now,
        "agreed_at": now,
        "index_average": PRICE_TICKS << 16,
        "index_ticks": PRICE_TICKS,
        "mark_ticks": PRICE_TICKS,
        "last_ticks": PRICE_TICKS,
        "next_rules": perp.next_rules,
        "recovery_share": 2**63,
        "haircut_share": 2**63,
        "closing_sum": 0,
        "bump": Pubkey.find_program_address(
            [b"perp", bytes(scene.world.exchange_address), MARKET_ID], exchange.PROGRAM_ID
        )[1],
        "book_bump": Pubkey.find_program_address([b"book", bytes(market), b"\0"], exchange.PROGRAM_ID)[1],
        "layout": 1,
    }
    for field in fields(perp):
        assert getattr(perp, field.name) == stated.get(field.name, 0), field.name
    head = scene.world.book(book)
    assert (head.exchange, head.event, head.creator) == (
        scene.world.exchange_address,
        market,
        scene.world.admin.pubkey(),
    )
    assert (head.lots_min, head.outcomes, head.price_max_ticks, head.face_ticks) == (1, 1, TICKS_MAX, 0)
    assert (head.bids, head.asks, head.seats_taken, head.changes) == (0, 0, 0, 0)
    scene.assert_whole()


@pytest.mark.parametrize(
    "changes",
    [
        tiers((0, 501, 500)),
        tiers((0, 1_000, 500), (1, 1_001, 501), (2, 1_002, 502), (3, 10_000, 9_999)),
        {"position_max_lots": 2**34, "open_max_lots": 2**38, "lots_min": 2**34, "impact_lots": 2**37},
        {"position_max_lots": 1, "open_max_lots": 1, "impact_lots": 1, "lots_min": 1},
        {"stale_s": 3_600, "taker_fee_ppm": 10_000, "maker_rebate_ppm": 10_000},
        {"stale_s": 1, "taker_fee_ppm": 0, "maker_rebate_ppm": 0},
        {"near_bps": 0, "near_ticks": 1, "shock_bps": 0, "shock_ticks": 1, "funding_bps": 0},
        {"near_bps": 500, "shock_bps": 9_000, "funding_bps": 2_000, "funding_ticks": TICKS_MAX},
        {"reward_bps": 1, "reward_max_bps": 500, "insurance_bps": 0, "insurance_cap_bps": 10_000},
        {"insurance_cap_bps": 100, "face_ticks": 0},
        {"reward_bps": 250, "reward_max_bps": 250, "insurance_bps": 250, "insurance_cap_bps": 100},
        {"profits_max_atoms": 2, "dust_atoms": 10**9, "size_premium_ppb": 2**32 - 1},
        {"profits_max_atoms": 10**13, "dust_atoms": 0},
    ],
    ids="-".join,
)
def test_rules_at_the_ends_of_their_ranges(arranged: PerpScene, changes: dict[str, Any]) -> None:
    creating = call(arranged, **changes)
    arranged.run(creating)
    assert arranged.world.perp(creating.accounts[3].pubkey).rules == replace(RULES, **changes)


def test_a_bounded_market_ends_below_its_bound(arranged: PerpScene) -> None:
    creating = bounded(arranged, face_ticks=PRICE_TICKS + 1)
    arranged.run(creating)
    market, book = (creating.accounts[place].pubkey for place in (3, 4))
    assert arranged.world.perp(market).close_time == arranged.world.now + 86_400
    assert arranged.world.book(book).price_max_ticks == PRICE_TICKS


@pytest.mark.parametrize(
    ("says", "changes", "index_ticks"),
    [
        (0, {}, 1),
        (PRICE_TICKS, {"units_per_tick": 10**9}, 1),
        (TICKS_MAX + 1, {}, TICKS_MAX),
        (0, BOUNDED, 1),
    ],
    ids=["of nothing", "below a tick", "beyond all ticks", "of nothing, below a bound"],
)
def test_a_price_outside_is_the_nearest_one(
    arranged: PerpScene, says: int, changes: dict[str, Any], index_ticks: int
) -> None:
    """What is worth nothing, or all, has a price: the market opens at it."""
    scene = arranged
    _say(scene, says)
    creating = call(scene, close_time=scene.world.now + 86_400, **changes)
    scene.run(creating)
    perp = scene.world.perp(creating.accounts[3].pubkey)
    assert (perp.index_ticks, perp.mark_ticks, perp.is_uncertain) == (index_ticks, index_ticks, 0)


def test_a_market_may_end_after_the_hour(arranged: PerpScene) -> None:
    close_time = arranged.world.now + 3_601
    creating = call(arranged, close_time=close_time)
    arranged.run(creating)
    assert arranged.world.perp(creating.accounts[3].pubkey).close_time == close_time


def test_two_markets_may_follow_one_feed(arranged: PerpScene) -> None:
    scene = arranged
    scene.feed = scene.world.feeds[scene.market]
    creating = call(scene)
    scene.run(creating)
    assert scene.world.perp(creating.accounts[3].pubkey).feed == scene.perp().feed


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
