"""A book full to its last order, of many makers: it trades, its event settles, and all leave."""

from __future__ import annotations

from solders.compute_budget import set_compute_unit_limit

from secant import exchange
from world import User, ask, bid, order

from .scene import Scene

MAKERS = 32
ORDERS_EACH = 64
DEPOSIT_ATOMS = 50_000_000
TAKER_ATOMS = 10**9
ALL = 2**64 - 1


def _fill(scene: Scene) -> list[User]:
    """2,048 orders of 32 makers, spread over the prices of both sides."""
    for orders in (320, 320, 320, 320, 320, 320, 64):
        scene.run(scene.expand_book(0, orders))
    scene.run(scene.expand_book(MAKERS, 0))
    makers = [scene.new_user(DEPOSIT_ATOMS) for _ in range(MAKERS)]
    for number, maker in enumerate(makers):
        for batch in range(4):
            depth = 10 * batch + number
            quotes = [bid(4_900 - depth, 7, meets_max=0), ask(5_100 + depth, 7, meets_max=0)]
            scene.run(scene.replace(maker, [], quotes * (ORDERS_EACH // 8)))
    return makers


def test_everybody_leaves_a_full_book_with_everything() -> None:
    scene = Scene()
    makers = _fill(scene)
    assert len(scene.resting()) == 2_048
    taker = scene.new_user(TAKER_ATOMS)
    for side, limit, lots in ((exchange.SIDE_BID, 9_999, 400), (exchange.SIDE_ASK, 1, 300)):
        placing = scene.place(taker, order(side, limit, lots, kind=exchange.ORDER_FILL_OR_KILL))
        scene.world.run(set_compute_unit_limit(1_400_000), placing, signers=scene.signers_of([placing]))
    everyone = [*makers, taker]
    scene.assert_funded(*everyone)
    scene.settle(2_500, 7_500)
    # One maker's orders are in nobody else's way, and anyone draws for anyone.
    for maker in reversed(makers):
        scene.assert_refused("OrdersOpen", scene.redeem(maker))
        scene.run(scene.draw_seat(maker))
        if scene.leg(maker) is not None:
            scene.run(scene.redeem(maker))
    assert scene.resting() == []
    scene.run(scene.redeem(taker))
    fees_atoms = scene.world.book(scene.book).fees_atoms
    paid_atoms = sum(scene.cash(user) for user in everyone)
    assert fees_atoms > 0
    assert paid_atoms + fees_atoms == MAKERS * DEPOSIT_ATOMS + TAKER_ATOMS
    for user in everyone:
        assert scene.leg(user) is None
        scene.run(scene.world.withdraw(user, ALL))
        assert scene.cash(user) == 0
    scene.run(scene.close_book(scene.alice))
    assert not scene.world.exists(scene.book)
