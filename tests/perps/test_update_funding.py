from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.refusals import Refusal, Substitution, substitutions
from world import ask, bid

from .scene import PRICE_TICKS, PerpScene, changed_fields
from .substitutes import BOOK, FEED, MARKET

if TYPE_CHECKING:
    from solders.instruction import Instruction

HOUR_S = 3_600
DAY_S = 24 * HOUR_S
AVERAGE_ONE = 2**16
INDEX_ONE = 2**32


def arrange(scene: PerpScene) -> None:
    """Nothing: the scene suffices."""


def call(scene: PerpScene) -> Instruction:
    return scene.update()


SUBSTITUTED = substitutions(
    "update_funding",
    {
        "market": MARKET | {"other_market": "FeedMismatch", "foreign_market": "FeedMismatch"},
        "feed": FEED,
        "book": BOOK,
    },
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal(
        "another market's feed and book",
        "FeedMismatch",
        lambda s: s.substitute(s.substitute(call(s), "feed", "other_feed"), "book", "other_book"),
    ),
]


def publish(scene: PerpScene, price_ticks: int, seconds: int = 10) -> None:
    scene.world.set_time(scene.world.now + seconds)
    scene.world.publish_price(scene.world.feeds[scene.market], price_ticks)


def hours(scene: PerpScene, count: int) -> None:
    """The clock's next hours pass, the market brought up to date every minute."""
    for _ in range(count):
        end = scene.world.now // HOUR_S * HOUR_S + HOUR_S
        while scene.world.now < end:
            scene.price(PRICE_TICKS, min(60, end - scene.world.now))


def test_follows_the_feed(scene: PerpScene) -> None:
    before = scene.perp()
    publish(scene, 10_100)
    assert scene.run(call(scene)) == []
    now, slot = scene.world.now, scene.world.svm.get_clock().slot
    assert changed_fields(before, scene.perp()) == {
        "updated_at": (now - 10, now),
        "updated_slot": (before.updated_slot, slot),
        "agreed_at": (now - 10, now),
        "index_ticks": (10_000, 10_100),
        "mark_ticks": (10_000, 10_100),
    }
    scene.assert_whole()


def test_what_is_averaged_is_what_was_seen_before(scene: PerpScene) -> None:
    """A price that came and went between two updates leaves no trace; one that stays is the average."""
    publish(scene, 10_600, 100)
    scene.run(call(scene))
    assert scene.perp().index_average == 10_000 * AVERAGE_ONE
    publish(scene, 10_000, 100)
    scene.run(call(scene))
    assert scene.perp().index_average == 10_200 * AVERAGE_ONE
    publish(scene, 10_000, 300)
    scene.run(call(scene))
    assert scene.perp().index_average == 10_000 * AVERAGE_ONE


def test_a_reading_that_is_old_is_not_agreed_anew(scene: PerpScene) -> None:
    before = scene.perp()
    scene.world.set_time(scene.world.now + 1_000)
    scene.run(call(scene))
    changed = changed_fields(before, scene.perp())
    assert changed.keys() == {"updated_at", "updated_slot"}
    assert changed["updated_at"] == (before.updated_at, scene.world.now)


@pytest.mark.parametrize("price_ticks", [-1, -(2**24)])
def test_a_price_that_is_none_makes_the_market_uncertain(scene: PerpScene, price_ticks: int) -> None:
    before = scene.perp()
    publish(scene, price_ticks)
    scene.run(call(scene))
    after = scene.perp()
    assert (after.is_uncertain, after.index_ticks, after.agreed_at) == (1, 10_000, before.agreed_at)
    publish(scene, 10_000)
    scene.run(call(scene))
    assert (scene.perp().is_uncertain, scene.perp().agreed_at) == (0, scene.world.now)


@pytest.mark.parametrize(("says", "index_ticks"), [(0, 1), (2**24 - 1, 2**24 - 1), (2**24, 2**24 - 1)])
def test_a_price_outside_is_the_nearest_one(scene: PerpScene, says: int, index_ticks: int) -> None:
    """What is worth nothing has a price: who is long of it is liquidated, and not spared."""
    publish(scene, says)
    scene.run(call(scene))
    perp = scene.perp()
    assert (perp.is_uncertain, perp.index_ticks, perp.agreed_at) == (0, index_ticks, scene.world.now)


def test_expired_orders_hide_nobody(scene: PerpScene) -> None:
    """24 bids of a second stand above an honest one: the 25th place is still its side's impact price."""
    now = scene.world.now
    scene.rest(scene.mallory, *[bid(10_400, 1, expires_at=now + 1)] * 24, bid(10_200, 8))
    scene.price(PRICE_TICKS, 60)
    scene.price(PRICE_TICKS, 60)
    assert scene.perp().premium_ticks == 200


def test_the_mark_is_no_further_than_the_shock_from_the_average(scene: PerpScene) -> None:
    publish(scene, 20_000)
    scene.run(call(scene))
    assert (scene.perp().index_ticks, scene.perp().mark_ticks) == (20_000, 15_000)
    publish(scene, 20_000, 300)
    scene.run(call(scene))
    assert scene.perp().mark_ticks == 20_000


def test_the_mark_follows_the_book_as_far_as_its_basis_was_held(scene: PerpScene) -> None:
    """A book 300 ticks above the index moves the mark by one a second, for five minutes."""
    scene.rest(scene.mallory, bid(10_298, 10), ask(10_302, 10))
    for seconds, mark_ticks in ((0, 10_000), (60, 10_060), (300, 10_300)):
        if seconds:
            publish(scene, PRICE_TICKS, seconds)
        scene.run(call(scene))
        assert scene.perp().mark_ticks == mark_ticks, seconds


def test_the_mark_is_the_median_of_the_index_the_book_and_the_basis(scene: PerpScene) -> None:
    scene.rest(scene.mallory, bid(10_298, 10), ask(10_302, 10))
    scene.run(call(scene))
    publish(scene, PRICE_TICKS, 300)
    scene.run(call(scene))
    scene.run(scene.cancel_all(scene.mallory))
    scene.rest(scene.mallory, bid(10_080, 10), ask(10_120, 10))
    scene.run(call(scene))
    assert scene.perp().mark_ticks == 10_100
    scene.run(scene.cancel_all(scene.mallory), call(scene))
    assert scene.perp().mark_ticks == PRICE_TICKS


def test_a_trade_speaks_within_the_book_for_a_minute(scene: PerpScene) -> None:
    """Of the impact prices and the last trade the middle one is the book's."""
    scene.rest(scene.mallory, bid(10_200, 10), ask(10_400, 20))
    scene.run(call(scene))
    publish(scene, PRICE_TICKS, 300)
    scene.placed(scene.alice, bid(10_400, 1))
    scene.run(call(scene))
    assert (scene.perp().last_ticks, scene.perp().mark_ticks) == (10_400, 10_300)
    scene.rest(scene.mallory, ask(10_250, 1))
    scene.placed(scene.alice, bid(10_250, 1))
    for seconds, mark_ticks in ((0, 10_250), (60, 10_250), (1, 10_300)):
        if seconds:
            publish(scene, PRICE_TICKS, seconds)
        scene.run(call(scene))
        assert scene.perp().mark_ticks == mark_ticks, seconds


def test_longs_pay_an_hours_premium_in_the_next_hour(scene: PerpScene) -> None:
    scene.open(scene.alice, 1_000)
    hours(scene, 1)
    scene.rest(scene.mallory, bid(10_200, 10))
    scene.run(call(scene))
    assert scene.perp().funding_rate == 0
    hours(scene, 1)
    assert scene.perp().funding_rate == 200 * AVERAGE_ONE
    assert scene.perp().funding_index == 0
    scene.run(scene.cancel_all(scene.mallory), call(scene))
    hours(scene, 1)
    perp = scene.perp()
    owed = INDEX_ONE * 200 // 24
    assert perp.funding_rate == 0
    assert owed - 60 <= perp.funding_index <= owed
    equity = {user.account: scene.health(user).equity_atoms for user in (scene.alice, scene.mallory)}
    trade_fee_atoms, rebate_atoms = 4_500, 500
    assert equity == {
        scene.alice.account: 10**10 - trade_fee_atoms - 8_334,
        scene.mallory.account: 10**10 + rebate_atoms + 8_333,
    }
    scene.assert_whole()


def test_a_premium_counts_no_longer_than_five_minutes_after_it_was_seen(scene: PerpScene) -> None:
    hours(scene, 1)
    scene.rest(scene.mallory, bid(10_200, 10))
    scene.run(call(scene))
    scene.price(PRICE_TICKS, HOUR_S)
    assert scene.perp().funding_rate == 200 * AVERAGE_ONE * 300 // HOUR_S


def test_a_premium_is_seen_by_whoever_comes_once_in_five_minutes(scene: PerpScene) -> None:
    scene.rest(scene.mallory, bid(10_200, 10))
    for _ in range(2):
        scene.price(PRICE_TICKS, 300)
    assert scene.perp().premium_ticks == 200


def test_an_hour_that_nobody_saw_pays_nothing(scene: PerpScene) -> None:
    hours(scene, 1)
    scene.rest(scene.mallory, bid(10_200, 10))
    scene.run(call(scene))
    hours(scene, 1)
    assert scene.perp().funding_rate == 200 * AVERAGE_ONE
    scene.price(PRICE_TICKS, 2 * HOUR_S)
    perp = scene.perp()
    assert perp.funding_rate == 0
    assert perp.funding_index == 200 * INDEX_ONE * HOUR_S // DAY_S


def test_rates_end_at_the_cap(scene: PerpScene) -> None:
    """5% of the index a day, whatever the book says."""
    market = scene.world.new_perp("wide", PRICE_TICKS, near_bps=500, funding_bps=100)
    scene.rest(scene.mallory, bid(10_500, 10), market=market)
    for _ in range(120):
        scene.price(PRICE_TICKS, 60, market)
    assert scene.perp(market).premium_ticks == 100
    assert 0 < scene.perp(market).funding_rate <= 100 * AVERAGE_ONE


def test_a_premium_seen_at_a_doubtful_price_is_none(scene: PerpScene) -> None:
    scene.rest(scene.mallory, bid(10_200, 10))
    scene.run(call(scene))
    assert scene.perp().premium_ticks == 200
    scene.world.set_time(scene.world.now + 61)
    scene.run(call(scene))
    assert scene.perp().premium_ticks == 0


def test_pays_the_fees_that_the_pool_owes(scene: PerpScene) -> None:
    scene.open(scene.alice, 1_000)
    assert (scene.perp().pool_atoms, scene.perp().fees_due_atoms) == (0, 4_000)
    scene.run(call(scene))
    assert (scene.perp().fees_due_atoms, scene.perp().fees_atoms) == (4_000, 0)
    scene.run(scene.settle(scene.alice))
    assert scene.perp().pool_atoms == 4_500
    scene.run(call(scene))
    perp = scene.perp()
    assert (perp.pool_atoms, perp.fees_due_atoms, perp.fees_atoms) == (500, 0, 4_000)
    scene.assert_whole()


def test_every_pause_leaves_it_open(scene: PerpScene) -> None:
    scene.run(scene.pause(15), scene.pause_perp(7))
    publish(scene, 10_100)
    scene.run(call(scene))
    assert scene.perp().index_ticks == 10_100


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
