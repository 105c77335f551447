from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.refusals import Refusal, Substitution, substitutions
from secant import exchange

from .scene import DEPOSIT_ATOMS, PRICE_TICKS, PerpScene, changed_fields
from .substitutes import BOOK, FEED, MARGIN_ACCOUNT, MARKET

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from world import User

LOST_ATOMS = 1_000 * 1_000 + 4_500
WON_ATOMS = 1_000 * 1_000 + 500


def arrange(scene: PerpScene) -> None:
    """Alice is long 1,000 lots, Mallory short; the price has fallen from 10,000 to 9,000 and stays."""
    scene.open(scene.alice, 1_000)
    scene.stay(9_000)


def call(scene: PerpScene) -> Instruction:
    return scene.settle(scene.alice)


def profit(scene: PerpScene) -> Instruction:
    return scene.settle(scene.mallory)


def _age(scene: PerpScene, seconds: int) -> None:
    scene.world.set_time(scene.world.now + seconds)


def _uncertain(scene: PerpScene) -> None:
    _age(scene, 1)
    scene.world.publish_price(scene.world.feeds[scene.market], -1)


def _penniless(scene: PerpScene) -> User:
    """Somebody long 1,000 lots with 1,004,050, of which a fall to 8,000 has taken all."""
    user = scene.user(1_004_050)
    scene.open(user, 1_000, 9_000)
    scene.stay(8_000)
    scene.run(scene.settle(user))
    return user


SUBSTITUTED = substitutions(
    "settle_pnl",
    {
        "account": MARGIN_ACCOUNT
        | {"liquidator_account": "PerpLegAbsent", "foreign_account": "PerpLegAbsent"},
        "market": MARKET | {"other_market": "FeedMismatch", "foreign_market": "FeedMismatch"},
        "feed": FEED,
        "book": BOOK,
    },
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal("without a leg", "PerpLegAbsent", lambda s: s.settle(s.liquidator)),
    Refusal("settled already", "NothingToSettle", call, lambda s: s.run(call(s))),
    Refusal("a profit of an empty pool", "NothingToSettle", profit),
    Refusal(
        "a profit that is paid already",
        "NothingToSettle",
        profit,
        lambda s: s.run(call(s), profit(s)),
    ),
    Refusal(
        "a profit, paused",
        "Paused",
        profit,
        lambda s: s.run(call(s), s.pause_perp(exchange.PERP_PAUSE_PROFITS)),
    ),
    Refusal(
        "a profit at a stale price",
        "PriceUnfit",
        profit,
        lambda s: (s.run(call(s)), _age(s, 61)),
    ),
    Refusal(
        "a profit at an uncertain price",
        "PriceUnfit",
        profit,
        lambda s: (s.run(call(s)), _uncertain(s)),
    ),
    Refusal(
        "a profit at a volatile price",
        "PriceUnfit",
        profit,
        lambda s: (s.run(call(s)), s.price(4_000)),
    ),
    Refusal("a loss at a price long stale", "PriceUnfit", call, lambda s: _age(s, 361)),
    Refusal("a loss at an uncertain price", "PriceUnfit", call, _uncertain),
]


def test_a_loss_moves_from_the_cash_into_the_pool(arranged: PerpScene) -> None:
    scene = arranged
    before, account = scene.perp(), scene.world.margin(scene.alice)
    assert scene.held(scene.alice) == (1_000, -10_004_500)
    assert scene.run(call(scene)) == [
        exchange.PnlSettled(account=scene.alice.account, market=scene.market, amount_atoms=-LOST_ATOMS)
    ]
    assert changed_fields(before, scene.perp()) == {"pool_atoms": (0, LOST_ATOMS)}
    assert scene.held(scene.alice) == (1_000, -9_000_000)
    after = changed_fields(account, scene.world.margin(scene.alice))
    assert after.keys() == {"cash_atoms", "checked_free_atoms", "reserve_slot", "perp_legs"} - (
        {"reserve_slot"} if account.reserve_slot == 0 else set()
    )
    assert after["cash_atoms"] == (DEPOSIT_ATOMS, DEPOSIT_ATOMS - LOST_ATOMS)
    scene.assert_whole()


def test_a_profit_moves_from_the_pool_into_the_cash(arranged: PerpScene) -> None:
    scene = arranged
    scene.run(call(scene))
    before = scene.perp()
    assert scene.run(profit(scene)) == [
        exchange.PnlSettled(account=scene.mallory.account, market=scene.market, amount_atoms=WON_ATOMS)
    ]
    assert changed_fields(before, scene.perp()) == {
        "pool_atoms": (LOST_ATOMS, LOST_ATOMS - WON_ATOMS),
        "profits_held_atoms": (0, WON_ATOMS),
        "profits_let_go_at": (0, scene.world.now),
    }
    assert scene.held(scene.mallory) == (-1_000, 9_000_000)
    assert scene.cash(scene.mallory) == DEPOSIT_ATOMS + WON_ATOMS
    scene.assert_whole()


def test_profits_reach_as_far_as_the_losers_have_paid(scene: PerpScene) -> None:
    scene.open(scene.alice, 1_000)
    scene.open(scene.liquidator, 200)
    scene.stay(9_000)
    scene.run(scene.settle(scene.liquidator))
    assert scene.perp().pool_atoms == 200_900
    (settled,) = scene.run(profit(scene))
    assert settled.amount_atoms == 200_900
    assert scene.perp().pool_atoms == 0
    scene.run(call(scene))
    (settled,) = scene.run(profit(scene))
    assert settled.amount_atoms == 1_200_600 - 200_900
    scene.assert_whole()


def test_a_loss_reaches_no_further_than_what_is_free(arranged: PerpScene) -> None:
    scene = arranged
    user = _penniless(scene)
    assert scene.free(user) == 0
    lots, quote = scene.held(user)
    assert lots * 8_000 + quote == 0
    scene.stay(7_000)
    scene.assert_refused("NothingToSettle", scene.settle(user))
    scene.give(user, 1)
    (settled,) = scene.run(scene.settle(user))
    assert settled.amount_atoms == -1
    scene.assert_whole()


def test_a_profit_counts_at_the_strict_price(scene: PerpScene) -> None:
    """A second after a fall the average is still above it, and all of the profit but the rebate waits."""
    scene.open(scene.alice, 1_000)
    scene.price(9_000)
    (settled,) = scene.run(call(scene))
    assert settled.amount_atoms == -LOST_ATOMS
    (settled,) = scene.run(profit(scene))
    assert settled.amount_atoms == 500
    scene.price(9_000, 150)
    (settled,) = scene.run(profit(scene))
    assert settled.amount_atoms == 500_000
    scene.assert_whole()


def test_no_more_than_the_hours_limit_leaves_the_pool(scene: PerpScene) -> None:
    """Half of it at once, and the other half as the hour goes by."""
    market = scene.world.new_perp("limit", PRICE_TICKS, profits_max_atoms=1_000)
    scene.open(scene.alice, 1_000, market=market)
    scene.price(9_000, market=market)
    scene.price(9_000, 301, market)
    scene.run(scene.settle(scene.alice, market))
    settling = scene.settle(scene.mallory, market)
    (settled,) = scene.run(settling)
    assert settled.amount_atoms == 500
    scene.assert_refused("NothingToSettle", settling)
    scene.price(9_000, 7, market)
    scene.assert_refused("NothingToSettle", settling)
    scene.price(9_000, 1, market)
    (settled,) = scene.run(settling)
    assert settled.amount_atoms == 1
    scene.price(9_000, 1_800, market)
    (settled,) = scene.run(settling)
    perp = scene.perp(market)
    assert (settled.amount_atoms, perp.profits_held_atoms) == (250, 500)
    scene.assert_whole()


def test_no_more_than_the_limit_leaves_in_any_hour(scene: PerpScene) -> None:
    market = scene.world.new_perp("limit", PRICE_TICKS, profits_max_atoms=100_000)
    scene.open(scene.alice, 1_000, market=market)
    winning = scene.settle(scene.mallory, market)
    scene.run(scene.settle(scene.alice, market), winning)
    start, cash = scene.world.now, scene.cash(scene.mallory)
    scene.price(9_000, market=market)
    scene.price(9_000, 301, market)
    scene.run(scene.settle(scene.alice, market))
    scene.price(9_000, start + 3_599 - scene.world.now, market)
    scene.run(winning)
    scene.price(9_000, 1, market)
    scene.world.refused(scene.mallory, winning)
    assert scene.cash(scene.mallory) - cash <= 100_000


def test_a_closed_position_settles_at_any_price_and_gives_its_leg_up(scene: PerpScene) -> None:
    scene.open(scene.alice, 1_000)
    scene.price(9_500)
    scene.open(scene.alice, -1_000, 9_500)
    lost, won = 500_000 + 4_500 + 4_275, 500_000 + 500 + 475
    assert (scene.held(scene.alice), scene.held(scene.mallory)) == ((0, -lost), (0, won))
    _age(scene, 10**6)
    _uncertain(scene)
    for instruction, amount in ((call(scene), -lost), (profit(scene), won)):
        (settled,) = scene.run(instruction)
        assert settled.amount_atoms == amount
    assert (scene.leg(scene.alice), scene.leg(scene.mallory)) == (None, None)
    assert scene.world.margin(scene.alice).perps == 0
    scene.run(scene.world.withdraw(scene.alice, DEPOSIT_ATOMS - lost))
    scene.assert_whole()


def test_losses_settle_under_every_pause(arranged: PerpScene) -> None:
    arranged.run(arranged.pause(15), arranged.pause_perp(7))
    (settled,) = arranged.run(call(arranged))
    assert settled.amount_atoms == -LOST_ATOMS


def test_what_was_stated_of_the_margin_is_void(arranged: PerpScene) -> None:
    scene = arranged
    scene.next_slot()
    withdrawing = scene.world.withdraw(scene.alice, 1)
    scene.assert_refused("MarginStale", scene.fresh(scene.alice), call(scene), withdrawing)
    scene.run(call(scene), scene.fresh(scene.alice), withdrawing)
    scene.assert_whole()


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
