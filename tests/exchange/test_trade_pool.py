from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange
from world import World

from .refusals import Refusal, Substitution, substitutions
from .scene import POOL_LOTS, Scene
from .substitutes import EVENT, EXCHANGE, MARGIN_ACCOUNT, POOL, SIGNER

if TYPE_CHECKING:
    from solders.instruction import Instruction

I64_MIN = -(2**63)


def arrange(scene: Scene) -> None:
    """Nothing: the scene suffices."""


def call(scene: Scene, outcome: int = 0, lots: int = 100, limit_atoms: int | None = None) -> Instruction:
    return scene.trade(scene.alice, outcome, lots, limit_atoms)


SUBSTITUTED = substitutions(
    "trade_pool",
    {
        "owner": SIGNER | {"nobody": "OwnerMismatch", "mallory": "OwnerMismatch", "admin": "OwnerMismatch"},
        "exchange": EXCHANGE
        | {"foreign_exchange": "ExchangeMismatch", "=event": "invalid account data for instruction"},
        "account": MARGIN_ACCOUNT
        | {"mallory_account": "OwnerMismatch", "foreign_account": "ExchangeMismatch"},
        "event": EVENT
        | {
            "other_event": "PoolMismatch",
            "record_event": "PoolMismatch",
            "foreign_event": "PoolMismatch",
            "=exchange": "account data too small for instruction",
        },
        "pool": POOL | {"other_pool": "PoolMismatch", "foreign_pool": "PoolMismatch"},
    },
)


def _foreign_market(scene: Scene) -> Instruction:
    foreign_event = scene.substitute(call(scene), "event", "foreign_event")
    return scene.substitute(foreign_event, "pool", "foreign_pool")


def _fill_legs(scene: Scene, legs: int = 8) -> None:
    """Gives Alice positions in `legs` other events."""
    for number in range(legs):
        event = scene.world.new_event(scene.mallory, name=f"leg {number}")
        scene.run(scene.mint_set(scene.alice, 1, event))


def _drain(scene: Scene, left_atoms: int) -> None:
    scene.run(scene.world.withdraw(scene.alice, scene.cash(scene.alice) - left_atoms))


REFUSED: list[Refusal[Scene]] = [
    Refusal("no such outcome", "OutcomeUnknown", lambda s: call(s, 2)),
    Refusal("no lots", "AmountZero", lambda s: call(s, 0, 0)),
    Refusal("market of another exchange", "ExchangeMismatch", _foreign_market),
    Refusal("at the lock time", "EventNotOpen", call, lambda s: s.world.set_time(s.world.now + 1_000)),
    Refusal("locked early", "EventNotOpen", call, lambda s: s.run(s.lock(s.judge.pubkey()))),
    Refusal("settled", "EventNotOpen", call, lambda s: s.settle(10_000)),
    Refusal("eight other events", "LegsFull", call, _fill_legs),
    Refusal("paused without a position", "Paused", call, lambda s: s.run(s.pause(exchange.PAUSE_TRADE))),
    Refusal(
        "paused, more of a position",
        "Paused",
        lambda s: call(s, 0, 1),
        lambda s: s.run(call(s, 0, 10), s.pause(exchange.PAUSE_TRADE)),
    ),
    Refusal(
        "paused, past a position",
        "Paused",
        lambda s: call(s, 0, -11),
        lambda s: s.run(call(s, 0, 10), s.pause(exchange.PAUSE_TRADE)),
    ),
    Refusal(
        "paused, another outcome of a position",
        "Paused",
        lambda s: call(s, 1, -1),
        lambda s: s.run(call(s, 0, 10), s.pause(exchange.PAUSE_TRADE)),
    ),
    Refusal("one atom above the limit", "LimitExceeded", lambda s: call(s, 0, 100, 518_749)),
    Refusal("one atom below the limit", "LimitExceeded", lambda s: call(s, 0, -100, 481_251)),
    Refusal("more than a pool sells", "PriceOutOfRange", lambda s: call(s, 0, 10**12 + 1)),
    Refusal("more than a pool buys", "PriceOutOfRange", lambda s: call(s, 0, -(10**12) - 1)),
    Refusal("the least number", "PriceOutOfRange", lambda s: call(s, 0, I64_MIN)),
    Refusal("one atom short", "InsolventAccount", call, lambda s: _drain(s, 518_749)),
    Refusal(
        "short one atom short", "InsolventAccount", lambda s: call(s, 0, -100), lambda s: _drain(s, 518_748)
    ),
]


def test_a_buy_moves_cash_fee_and_lots(scene: Scene) -> None:
    before, cash = scene.world.pool(scene.pool), scene.cash(scene.alice)
    (traded,) = scene.run(call(scene, 0, 100, 518_750))
    assert traded == exchange.PoolTraded(
        pool=scene.pool,
        account=scene.alice.account,
        lots=100,
        cost_atoms=501_250,
        fee_atoms=17_500,
        outcome=0,
    )
    pool = scene.world.pool(scene.pool)
    assert (pool.cash_atoms, pool.fees_atoms) == (before.cash_atoms + 501_250, 17_500)
    assert pool.sold_lots[:2] == (100, 0)
    assert scene.cash(scene.alice) == cash - 518_750
    assert scene.lots(scene.alice) == (100, 0)
    assert scene.world.margin(scene.alice).floor_atoms == 0


def test_a_short_sale_reserves_its_worst_case(scene: Scene) -> None:
    cash = scene.cash(scene.alice)
    (traded,) = scene.run(call(scene, 0, -100, 481_250))
    assert (traded.lots, traded.cost_atoms, traded.fee_atoms) == (-100, -498_750, 17_500)
    assert scene.cash(scene.alice) == cash + 481_250
    assert scene.lots(scene.alice) == (-100, 0)
    assert scene.world.margin(scene.alice).floor_atoms == -1_000_000
    assert scene.world.pool(scene.pool).sold_lots[:2] == (-100, 0)


@pytest.mark.parametrize("lots", [100, -100])
def test_exactly_solvent(scene: Scene, lots: int) -> None:
    """A buy spends the last atom; a short leaves exactly its reserve."""
    _drain(scene, 518_750)
    scene.run(call(scene, 0, lots))
    assert scene.cash(scene.alice) == (0 if lots > 0 else 1_000_000)


def test_going_back_frees_the_leg_and_never_profits(scene: Scene) -> None:
    cash = scene.cash(scene.alice)
    for lots in (1, 7, 100, 3_333):
        scene.run(call(scene, 0, lots))
        scene.run(call(scene, 0, -lots))
        assert scene.lots(scene.alice) is None
        assert scene.cash(scene.alice) <= cash - 2
        cash = scene.cash(scene.alice)
    assert scene.world.pool(scene.pool).sold_lots[:2] == (0, 0)
    assert scene.world.margin(scene.alice).floor_atoms == 0


def test_splitting_a_trade_never_pays(scene: Scene) -> None:
    whole = scene.run(call(scene, 0, 100))[0]
    scene.run(call(scene, 0, -100))
    parts = [scene.run(call(scene, 0, 1))[0] for _ in range(100)]
    assert sum(part.cost_atoms + part.fee_atoms for part in parts) >= whole.cost_atoms + whole.fee_atoms


@pytest.mark.parametrize(("kind", "outcomes"), [(0, 2), (0, 16), (1, 2)])
def test_the_fee_follows_the_path_of_the_price(scene: Scene, kind: int, outcomes: int) -> None:
    """From a price near even odds to one near 1, in one part or many: an atom a part at most."""
    event = scene.world.new_event(scene.mallory, outcomes, name="path")
    pool = scene.world.new_pool(scene.mallory, event, kind, 1_000)
    (whole,) = scene.run(scene.world.trade(scene.alice, event, pool, 0, 3_500))
    (back,) = scene.run(scene.world.trade(scene.alice, event, pool, 0, -3_500))
    parts = [scene.run(scene.world.trade(scene.alice, event, pool, 0, 100))[0] for _ in range(35)]
    fees = sum(part.fee_atoms for part in parts)
    assert back.fee_atoms == whole.fee_atoms
    assert 0 < whole.fee_atoms <= fees <= whole.fee_atoms + 35


@pytest.mark.parametrize(("kind", "outcomes"), [(0, 2), (0, 16), (1, 2)])
@pytest.mark.parametrize("lots", [1, 7, 1_234])
def test_a_set_bought_or_sold_piece_by_piece_never_pays(
    scene: Scene, kind: int, outcomes: int, lots: int
) -> None:
    """All outcomes bought and merged, or minted and sold: the market's prices sum to one, less rounding."""
    event = scene.world.new_event(scene.mallory, outcomes, name="pieces")
    pool = scene.world.new_pool(scene.mallory, event, kind, 3_000)
    scene.run(scene.world.trade(scene.mallory, event, pool, 1, 2_345))
    start = scene.cash(scene.alice)
    for outcome in range(outcomes):
        scene.run(scene.world.trade(scene.alice, event, pool, outcome, lots))
    scene.run(scene.merge_set(scene.alice, lots, event))
    middle = scene.cash(scene.alice)
    assert middle < start
    scene.run(scene.mint_set(scene.alice, lots, event))
    for outcome in range(outcomes):
        scene.run(scene.world.trade(scene.alice, event, pool, outcome, -lots))
    assert scene.cash(scene.alice) < middle
    assert scene.lots(scene.alice, event) is None


@pytest.mark.parametrize("fee_bps", [0, exchange.FEE_MAX_BPS])
def test_no_round_trip_pays_at_any_fee(fee_bps: int) -> None:
    world = World(fee_bps=fee_bps)
    maker, taker = world.new_user(deposit_atoms=10**9), world.new_user(deposit_atoms=10**9)
    event = world.new_event(maker)
    pool = world.new_pool(maker, event, liquidity_lots=100)
    for lots in (1, -1, 250, -250):
        world.run(world.trade(taker, event, pool, 0, lots), signers=[taker.keys])
        world.run(world.trade(taker, event, pool, 0, -lots), signers=[taker.keys])
    assert world.margin(taker).cash_atoms < 10**9
    assert (world.pool(pool).fees_atoms == 0) == (fee_bps == 0)


def test_an_outcome_that_is_worth_nothing_still_costs_an_atom(scene: Scene) -> None:
    scene.run(call(scene, 1, POOL_LOTS * 30))
    (traded,) = scene.run(call(scene, 0, 1))
    assert traded.cost_atoms >= 1
    (sold,) = scene.run(call(scene, 0, -1))
    assert sold.cost_atoms + sold.fee_atoms <= 0
    assert -sold.cost_atoms <= traded.cost_atoms


@pytest.mark.parametrize("lots", [10, -10])
def test_a_pause_leaves_reducing_open(scene: Scene, lots: int) -> None:
    scene.run(call(scene, 0, lots))
    scene.run(scene.pause(15))
    scene.run(call(scene, 0, -lots // 2))
    scene.run(call(scene, 0, -(lots - lots // 2)))
    assert scene.lots(scene.alice) is None


def test_trades_until_the_second_before_the_lock_time(scene: Scene) -> None:
    scene.world.set_time(scene.world.event(scene.event).lock_time - 1)
    scene.run(call(scene))


def test_a_full_account_still_trades_what_it_holds(scene: Scene) -> None:
    scene.run(call(scene, 0, 10))
    _fill_legs(scene, 7)
    scene.run(call(scene, 0, 10))
    scene.run(call(scene, 0, -20))
    assert scene.lots(scene.alice) is None


def test_a_pm_amm_refuses_beyond_its_price_range(scene: Scene) -> None:
    pool = scene.world.new_pool(scene.mallory, scene.event, exchange.POOL_PM_AMM, 1_000)
    scene.run(scene.world.trade(scene.alice, scene.event, pool, 0, 3_720))
    scene.assert_refused("PriceOutOfRange", scene.world.trade(scene.alice, scene.event, pool, 0, 1))
    scene.run(scene.world.trade(scene.alice, scene.event, pool, 0, -3_720))


@pytest.mark.parametrize("kind", [exchange.POOL_LMSR, exchange.POOL_PM_AMM])
def test_the_vault_identity_holds_through_trades(scene: Scene, kind: int) -> None:
    pool = scene.world.new_pool(scene.mallory, scene.event, kind, 5_000)
    for outcome, lots in ((0, 1), (1, 3_001), (0, -777), (1, -2), (0, 9_999)):
        scene.run(scene.world.trade(scene.alice, scene.event, pool, outcome, lots))
        surplus = scene.vault_surplus(
            pool,
            scene.pool,
            scene.other_pool,
            events=(scene.event,),
            users=(scene.alice, scene.mallory),
        )
        assert surplus == 0


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
