from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.refusals import Refusal, Substitution, substitutions
from secant import exchange
from world import bid

from .scene import PerpScene, changed_fields
from .substitutes import BOOK, FEED, MARKET

if TYPE_CHECKING:
    from solders.instruction import Instruction

NOTICE_S = 172_800
HOUR_S = 3_600
DAY_S = 86_400


def close_after(scene: PerpScene, *price_ticks: int, step_s: int = 60) -> None:
    """The market's last hour, in which the price is each of these for as long; its end nobody has seen."""
    scene.run(scene.close(scene.world.now + NOTICE_S))
    scene.price(price_ticks[0], NOTICE_S - HOUR_S)
    steps = HOUR_S // step_s // len(price_ticks)
    for ticks in [ticks for ticks in price_ticks for _ in range(steps)][:-1]:
        scene.price(ticks, step_s)
    scene.later(step_s)


def arrange(scene: PerpScene) -> None:
    """Alice is long 1,000 lots, and the last hour was at 10,000 and 9,000, half of it each."""
    scene.open(scene.alice, 1_000)
    close_after(scene, 10_000, 9_000)


def call(scene: PerpScene) -> Instruction:
    return scene.settle_market()


SUBSTITUTED = substitutions(
    "settle_perp",
    {
        "market": MARKET | {"other_market": "FeedMismatch", "foreign_market": "FeedMismatch"},
        "feed": FEED,
        "book": BOOK,
    },
)


def _soon(scene: PerpScene) -> None:
    scene.market = scene.other_market
    scene.run(scene.close(scene.world.now + NOTICE_S))
    scene.later(NOTICE_S - 1)


REFUSED: list[Refusal[PerpScene]] = [
    Refusal("a second too soon", "SettlementUnfit", call, _soon),
    Refusal(
        "a market without an end",
        "SettlementUnfit",
        call,
        lambda s: setattr(s, "market", s.other_market),
    ),
    Refusal("settled already", "SettlementUnfit", call, lambda s: s.run(call(s))),
]


def test_settles_at_the_last_hours_average(arranged: PerpScene) -> None:
    """Of 60 minutes 31 were seen at 10,000 and 29 at 9,000: what is new counts from then on."""
    scene = arranged
    before = scene.perp()
    settled_ticks = (31 * 10_000 + 29 * 9_000) // 60
    assert before.closing_seconds == HOUR_S - 60
    assert scene.run(call(scene)) == [
        exchange.PerpSettled(market=scene.market, settlement_ticks=settled_ticks)
    ]
    after = scene.perp()
    assert (after.settlement_ticks, after.mark_ticks, after.index_ticks) == (settled_ticks,) * 3
    assert after.index_average == settled_ticks << 16
    assert after.settled_time == scene.world.now
    assert (after.pool_atoms, after.open_lots) == (before.pool_atoms, before.open_lots)
    scene.assert_whole()


@pytest.mark.parametrize(("step_s", "settled_ticks"), [(60, 9_516), (120, 9_533), (180, 9_550)])
def test_a_gap_earns_no_credit(scene: PerpScene, step_s: int, settled_ticks: int) -> None:
    """What was seen counts for as long as it was fresh, and for as much if it was a third of the hour."""
    close_after(scene, 10_000, 9_000, step_s=step_s)
    scene.run(call(scene))
    assert scene.perp().settlement_ticks == settled_ticks


def test_of_an_hour_that_nobody_could_know_the_last_price_stands(scene: PerpScene) -> None:
    """The feed says less than nothing before the hour, and after that nothing."""
    scene.run(scene.close(scene.world.now + NOTICE_S))
    scene.price(9_000, NOTICE_S - HOUR_S - 60)
    scene.price(-1, 30)
    scene.later(HOUR_S + 30)
    scene.run(call(scene))
    perp = scene.perp()
    assert (perp.closing_seconds, perp.settlement_ticks) == (0, 9_000)


@pytest.mark.parametrize("by", ["updating", "settling", "drawing", "liquidating"])
def test_the_first_look_after_the_end_settles(scene: PerpScene, by: str) -> None:
    """Whoever comes first: nothing is taken over or paid by the last minute's price."""
    victim = scene.user(11_000_000)
    scene.open(victim, -10_000)
    scene.open(scene.alice, 1_000)
    scene.rest(scene.alice, bid(5_000, 1))
    close_after(scene, *[10_000] * 9, 11_400)
    settled_ticks = (55 * 10_000 + 5 * 11_400) // 60
    if by == "liquidating":
        scene.assert_refused("AccountHealthy", scene.resolve(victim))
        scene.assert_refused("AccountHealthy", scene.liquidate(victim))
        return
    looking = {
        "updating": scene.update(),
        "settling": scene.settle(victim),
        "drawing": scene.draw(scene.alice),
    }
    scene.run(looking[by])
    perp = scene.perp()
    assert (perp.settlement_ticks, perp.mark_ticks) == (settled_ticks, settled_ticks)
    assert perp.settled_time == scene.world.now
    scene.assert_refused("SettlementUnfit", call(scene))
    scene.assert_whole()


def test_the_mark_nears_what_is_settled_in_the_last_hour(scene: PerpScene) -> None:
    """What was seen at 10,000 counts as it will in the end: a price of minutes liquidates nobody."""
    victim = scene.user(11_000_000)
    scene.open(victim, -10_000)
    scene.run(scene.close(scene.world.now + NOTICE_S))
    scene.price(10_000, NOTICE_S - HOUR_S)
    for _ in range(54):
        scene.price(10_000, 60)
    for seen in range(1, 6):
        scene.price(11_400, 60)
        perp = scene.perp()
        counted = 55 * 10_000 + (seen - 1) * 11_400
        assert perp.closing_sum == counted * 60
        assert perp.mark_ticks == (counted + (60 - 54 - seen) * 11_400) // 60
        scene.assert_refused("AccountHealthy", scene.liquidate(victim))
    scene.assert_whole()


def test_what_is_said_after_the_end_counts_for_nothing(arranged: PerpScene) -> None:
    scene = arranged
    expected = (31 * 10_000 + 29 * 9_000) // 60
    scene.later(1)
    scene.world.publish_price(scene.world.feeds[scene.market], 1_000)
    scene.run(call(scene))
    assert scene.perp().settlement_ticks == expected


def test_the_price_and_funding_stand_still(arranged: PerpScene) -> None:
    scene = arranged
    scene.run(call(scene))
    before = scene.perp()
    scene.price(5_000, 1_000)
    assert changed_fields(before, scene.perp()).keys() <= {"updated_slot"}


def test_losers_pay_at_once_and_winners_are_paid_a_day_later(arranged: PerpScene) -> None:
    scene = arranged
    scene.run(call(scene))
    ticks = scene.perp().settlement_ticks
    lost, won = 1_000 * (10_000 - ticks) + 4_500, 1_000 * (10_000 - ticks) + 500
    (settled,) = scene.run(scene.settle(scene.alice))
    assert settled.amount_atoms == -lost
    scene.assert_refused("SettlementUnfit", scene.settle(scene.mallory))
    scene.later(DAY_S - 1)
    scene.assert_refused("SettlementUnfit", scene.settle(scene.mallory))
    scene.later(1)
    (settled,) = scene.run(scene.settle(scene.mallory))
    assert settled.amount_atoms == won
    scene.run(scene.settle(scene.alice))
    assert (scene.leg(scene.alice), scene.leg(scene.mallory)) == (None, None)
    perp = scene.perp()
    assert (perp.open_lots, perp.pool_atoms) == (0, lost - won)
    scene.assert_whole()


def test_losers_have_their_day_from_the_settlement(arranged: PerpScene) -> None:
    """However late somebody settles the market."""
    scene = arranged
    scene.later(DAY_S)
    scene.run(call(scene))
    scene.run(scene.settle(scene.alice))
    scene.later(DAY_S - 1)
    scene.assert_refused("SettlementUnfit", scene.settle(scene.mallory))
    scene.later(1)
    scene.run(scene.settle(scene.mallory), scene.settle(scene.alice))
    scene.assert_whole()


def test_nothing_is_taken_over_any_more(scene: PerpScene) -> None:
    """A loser without enough is resolved where it stands, before the other side is paid."""
    victim = scene.user(11_000_000)
    scene.open(victim, 10_000)
    close_after(scene, 8_500)
    scene.run(call(scene))
    assert scene.perp().settlement_ticks == 8_500
    scene.assert_refused("PerpClosed", scene.liquidate(victim))
    (landed,) = scene.run(scene.resolve(victim))
    deficit = 10_000 * 1_500 + 45_000 - 11_000_000
    assert (landed.reward_atoms, landed.shortfall_atoms, landed.haircut_atoms) == (0, deficit, deficit)
    assert (scene.cash(victim), scene.held(scene.liquidator)) == (0, (0, 0))
    scene.later(DAY_S)
    (settled,) = scene.run(scene.settle(scene.mallory))
    assert settled.amount_atoms == 10_000 * 1_500 + 5_000 - deficit
    scene.run(scene.settle(victim))
    assert scene.leg(victim) is None
    scene.assert_whole()


def test_after_winners_are_paid_nobody_bears_a_debt(scene: PerpScene) -> None:
    victim = scene.user(11_000_000)
    scene.open(victim, 10_000)
    close_after(scene, 8_500)
    scene.run(call(scene))
    scene.later(DAY_S)
    scene.assert_refused("InsuranceInsufficient", scene.resolve(victim))
    scene.assert_whole()


def test_what_is_settled_requires_nothing_more(scene: PerpScene) -> None:
    """Long 100 in each of two markets with 21; one settles at its entry, the other falls by 12%.

    What its side may yet bear stays in the account until winners are paid.
    """
    user = scene.user(21_000_000)
    scene.open(user, 10_000)
    scene.open(user, 10_000, market=scene.other_market)
    close_after(scene, 10_000)
    scene.run(call(scene))
    scene.prices(10_000, 8_800)
    stated = scene.health(user)
    assert stated.equity_atoms == 21_000_000 - 90_000 - 10_000 * 1_200
    assert stated.initial_atoms == 10_000_000 + 8_800_000
    assert stated.maintenance_atoms == 4_400_000
    liquidating = scene.world.liquidate(scene.liquidator, user, scene.other_market)
    scene.assert_refused("AccountHealthy", liquidating)
    scene.prices(10_000, 8_800, seconds=DAY_S)
    assert scene.health(user).initial_atoms == 8_800_000


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
