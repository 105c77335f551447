from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from solders.instruction import AccountMeta

from exchange.refusals import Refusal, Substitution, substitutions
from secant import exchange
from world import ask, bid

from .scene import DEPOSIT_ATOMS, PRICE_TICKS, PerpScene, changed_fields
from .substitutes import MARGIN_ACCOUNT

if TYPE_CHECKING:
    from solders.instruction import Instruction
    from solders.pubkey import Pubkey


def arrange(scene: PerpScene) -> None:
    """Alice is long 1,000 lots of one market at 10,000 and short 500 of the other at 10,100."""
    scene.open(scene.alice, 1_000)
    scene.open(scene.alice, -500, 10_100, market=scene.other_market)


def call(scene: PerpScene) -> Instruction:
    return scene.fresh(scene.alice)


def with_markets(scene: PerpScene, *markets: Pubkey) -> Instruction:
    metas = [AccountMeta(market, is_signer=False, is_writable=False) for market in markets]
    return exchange.refresh_margin(account=scene.alice.account, remaining_accounts=metas)


def _cloned(scene: PerpScene) -> Instruction:
    return with_markets(scene, scene.clone(scene.market), scene.other_market)


SUBSTITUTED = substitutions(
    "refresh_margin",
    {"account": MARGIN_ACCOUNT},
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal("the markets of a slot before", "PerpMarketStale", call, lambda s: s.later()),
    Refusal("one that is behind", "PerpMarketStale", call, lambda s: s.price(PRICE_TICKS)),
    Refusal("no market", "PerpMarketMissing", with_markets),
    Refusal("one of two markets", "PerpMarketMissing", lambda s: with_markets(s, s.market)),
    Refusal("the other one", "PerpMarketMissing", lambda s: with_markets(s, s.other_market)),
    Refusal("a market's bytes elsewhere", "PerpMarketMissing", _cloned),
    Refusal(
        "another market of the same feed",
        "PerpMarketMissing",
        lambda s: with_markets(s, s.other_market, s.foreign_market),
    ),
]


def test_states_what_the_positions_amount_to(arranged: PerpScene) -> None:
    """Lost: the taker's fees of 4,500 and 2,273; won but not counted: 500 lots sold 100 above the mark."""
    scene = arranged
    before = scene.world.margin(scene.alice)
    assert scene.run(call(scene)) == [
        exchange.MarginStated(
            account=scene.alice.account,
            equity_atoms=DEPOSIT_ATOMS - 4_500 + 50_000 - 2_273,
            free_atoms=DEPOSIT_ATOMS,
            losses_atoms=-4_500,
            initial_atoms=1_500_000,
            maintenance_atoms=750_000,
        )
    ]
    after = scene.world.margin(scene.alice)
    assert after.reserve_atoms == 1_500_000 + 4_500
    assert changed_fields(before, after).keys() <= {"reserve_atoms", "reserve_slot"}
    scene.assert_whole()


def test_losses_count_at_the_strict_price(arranged: PerpScene) -> None:
    """Losses count where the mark, the index and its average are worst."""
    scene = arranged
    scene.prices(11_000, 11_000)
    stated = scene.health(scene.alice)
    short_loss = 500 * (11_000 - 10_100) + 2_273
    assert stated.losses_atoms == -(4_500 + short_loss)
    assert stated.equity_atoms == DEPOSIT_ATOMS - 4_500 + 1_000_000 - short_loss
    assert stated.initial_atoms == 1_650_000
    scene.prices(9_000, 9_000, 30)
    stated = scene.health(scene.alice)
    average_ticks = 10_000 + 1_000 * 30 // 300
    assert scene.perp().index_average >> 16 == average_ticks
    long_loss = 1_000 * (10_000 - 9_000) + 4_500
    assert stated.losses_atoms == -(long_loss + max(0, 500 * (average_ticks - 10_100) + 2_273))


def test_a_price_in_doubt_counts_what_opening_requires_twice(arranged: PerpScene) -> None:
    scene = arranged
    scene.world.set_time(scene.world.now + 60)
    assert scene.health(scene.alice).initial_atoms == 1_500_000
    scene.world.set_time(scene.world.now + 1)
    stated = scene.health(scene.alice)
    assert (stated.initial_atoms, stated.maintenance_atoms) == (3_000_000, 750_000)


def test_open_orders_count_as_if_all_of_a_side_filled(scene: PerpScene) -> None:
    """100 bids at 10,300 cost 30,000 more than they are worth; 50 asks at 9,000 would have cost 50,000."""
    scene.rest(scene.alice, bid(10_300, 100))
    stated = scene.health(scene.alice)
    assert (stated.initial_atoms, stated.maintenance_atoms, stated.losses_atoms) == (130_000, 0, 0)
    scene.rest(scene.alice, ask(10_400, 300))
    assert scene.health(scene.alice).initial_atoms == 300_000 + 30_000


def test_tiers_count_part_by_part(scene: PerpScene) -> None:
    tiers = (
        exchange.PerpTier(from_atoms=0, initial_bps=1_000, maintenance_bps=500),
        exchange.PerpTier(from_atoms=5_000_000, initial_bps=2_000, maintenance_bps=1_000),
        exchange.PerpTier(from_atoms=8_000_000, initial_bps=5_000, maintenance_bps=4_000),
        exchange.PerpTier(from_atoms=0, initial_bps=0, maintenance_bps=0),
    )
    market = scene.world.new_perp("tiers", tiers=tiers, tier_count=3)
    scene.open(scene.alice, 1_000, market=market)
    stated = scene.health(scene.alice)
    assert stated.initial_atoms == 500_000 + 600_000 + 1_000_000
    assert stated.maintenance_atoms == 250_000 + 300_000 + 800_000


def test_a_size_premium_asks_for_more_than_the_tier(scene: PerpScene) -> None:
    """0.01 for each root of a lot: 10,000 lots require all of their value."""
    market = scene.world.new_perp("size", size_premium_ppb=10_000_000)
    scene.open(scene.alice, 400, market=market)
    assert scene.health(scene.alice).initial_atoms == 400 * PRICE_TICKS // 5


def test_an_account_without_positions_states_its_collateral(scene: PerpScene) -> None:
    assert scene.health(scene.alice) == exchange.MarginStated(
        account=scene.alice.account,
        equity_atoms=DEPOSIT_ATOMS,
        free_atoms=DEPOSIT_ATOMS,
        losses_atoms=0,
        initial_atoms=0,
        maintenance_atoms=0,
    )


def test_what_is_free_beyond_the_need_may_leave_in_the_same_slot(arranged: PerpScene) -> None:
    scene = arranged
    world = scene.world
    scene.next_slot()
    free = DEPOSIT_ATOMS - 1_504_500
    scene.assert_refused("MarginStale", world.withdraw(scene.alice, 1))
    scene.assert_refused("InsolventAccount", call(scene), world.withdraw(scene.alice, free + 1))
    scene.run(call(scene), world.withdraw(scene.alice, free))
    scene.assert_refused("InsolventAccount", call(scene), world.withdraw(scene.alice, 1))
    scene.next_slot()
    scene.assert_refused("MarginStale", world.withdraw(scene.alice, 1))
    scene.assert_whole()


def test_anyone_states_under_every_pause(arranged: PerpScene) -> None:
    arranged.run(arranged.pause(15), arranged.pause_perp(7))
    arranged.run(call(arranged))


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
