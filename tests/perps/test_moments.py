"""What lasts a moment: quotes within one transaction, reserves stated by old prices, seats undrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secant import exchange
from world import ask, bid

from .scene import FOK, PRICE_TICKS, PerpScene

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from world import User

UNIT_ATOMS = 10**6
POST = exchange.ORDER_POST_ONLY
LEAST_LOTS = 8
HOUR_S = 3_600


def flash(scene: PerpScene, quotes: list[tuple[User, exchange.OrderRequest]], *between: Instruction) -> None:
    """Quotes that nobody can meet: placed, looked at and cancelled in one transaction."""
    placing = [scene.trade(user, request) for user, request in quotes]
    users = {user.account: user for user, _ in quotes}.values()
    scene.run(*placing, *between, *[scene.cancel_all(user) for user in users])
    assert scene.resting() == []


def test_a_bid_of_a_moment_makes_nobody_pay_funding(scene: PerpScene) -> None:
    scene.open(scene.alice, 90_000)
    scene.price(PRICE_TICKS, HOUR_S - scene.world.now % HOUR_S)
    for _ in range(HOUR_S // 60):
        scene.price(PRICE_TICKS, 60)
        flash(scene, [(scene.mallory, bid(10_500, LEAST_LOTS, kind=POST))], scene.update())
    scene.price(PRICE_TICKS, 60)
    assert scene.perp().funding_rate == 0


def test_quotes_of_a_moment_liquidate_nobody(scene: PerpScene) -> None:
    """Between them the keeper brings the market up to date each minute, and sees an empty book."""
    victim = scene.user(11_050_000)
    scene.open(victim, 10_000)
    scene.stay(9_600)
    first, second = scene.user(1_000 * UNIT_ATOMS), scene.user(1_000 * UNIT_ATOMS)
    quotes = [(first, bid(9_119, LEAST_LOTS)), (second, ask(9_121, LEAST_LOTS))]
    for _ in range(12):
        flash(scene, quotes, scene.update())
        scene.price(9_600, 60)
    placing = [scene.trade(user, request) for user, request in quotes]
    scene.assert_refused("AccountHealthy", *placing, scene.liquidate(victim, taker=first))


def test_reducing_states_no_reserve_by_old_marks(scene: PerpScene) -> None:
    """A lot of another market is sold at a fair price, and what is free leaves in the same slot."""
    world, loser, winner = scene.world, scene.user(100 * UNIT_ATOMS), scene.user(100 * UNIT_ATOMS)
    scene.open(loser, 9_000, against=winner)
    scene.open(loser, 2, market=scene.other_market)
    scene.rest(scene.mallory, bid(PRICE_TICKS, 5), market=scene.other_market)
    scene.later(59)
    world.publish_price(world.feeds[scene.market], 6_000)
    reducing = scene.trade(loser, ask(PRICE_TICKS, 1, kind=FOK, reduce_only=True), scene.other_market)
    landed = world.refused(loser, reducing, world.withdraw(loser, 90_500_000))
    scene.prices(6_000)
    assert (landed, scene.health(loser).equity_atoms >= 0) == ("MarginStale", True)


def undrawn(scene: PerpScene) -> tuple[User, User]:
    """Somebody bankrupt at 6,000, and who sells 10,000 lots there with 40: the other side of a haircut."""
    victim, hiding = scene.user(11 * UNIT_ATOMS), scene.user(40 * UNIT_ATOMS)
    scene.open(victim, 10_000)
    scene.stay(6_000)
    scene.rest(hiding, ask(6_000, 10_000))
    return victim, hiding


def test_a_seat_that_nobody_has_drawn_hides_no_haircut(scene: PerpScene) -> None:
    """Who has sold at the low knows of the bankruptcy, and leaves the debt to nobody."""
    world = scene.world
    victim, hiding = undrawn(scene)
    scene.placed(scene.alice, bid(6_000, 10_000, kind=FOK))
    scene.run(scene.resolve(victim))
    scene.next_slot()
    leaving = world.withdraw(hiding, 34 * UNIT_ATOMS)
    scene.assert_refused("PerpMarketStale", scene.fresh(hiding), leaving)
    scene.assert_refused("InsolventAccount", scene.draw(hiding), scene.fresh(hiding), leaving)
    scene.run(scene.draw(hiding))
    assert scene.health(hiding).equity_atoms >= 0
    scene.assert_whole()


def test_a_seat_drawn_before_it_is_filled_hides_no_haircut(scene: PerpScene) -> None:
    """All of it in one slot: the seat is drawn, filled, and bears. It is not known before the next."""
    world = scene.world
    victim, hiding = undrawn(scene)
    scene.run(scene.draw(hiding))
    scene.placed(scene.alice, bid(6_000, 10_000, kind=FOK))
    scene.run(scene.resolve(victim))
    leaving = world.withdraw(hiding, 33 * UNIT_ATOMS)
    scene.assert_refused("PerpMarketStale", scene.fresh(hiding), leaving)
    scene.run(scene.draw(hiding))
    scene.next_slot()
    scene.assert_refused("InsolventAccount", scene.fresh(hiding), leaving)
    assert scene.health(hiding).equity_atoms >= 0
    scene.assert_whole()
