"""Free collateral beside a perpetual: every way in which it is spent, and what is never touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from exchange.refusals import shape_named
from secant import exchange
from world import User, ask, bid

from .scene import FOK, PRICE_TICKS, PerpScene

if TYPE_CHECKING:
    from solders.instruction import Instruction

UNIT_ATOMS = 10**6


def test_builder_fees_do_not_hide_a_withdrawal(scene: PerpScene) -> None:
    """An account with 10 earns 10 in builder fees, opens a position with all of 20, and takes 10 out."""
    world, builder, payer = scene.world, scene.user(10 * UNIT_ATOMS), scene.user()
    event = world.new_event(scene.mallory)
    book = world.new_book(scene.mallory, event)
    scene.run(world.place(scene.mallory, event, book, ask(5_000, 400_000)))
    taking = bid(5_000, 50_000, kind=FOK)
    for _ in range(8):
        scene.run(world.take(payer, event, book, taking, builder=builder.account, builder_fee_bps=100))
    assert scene.free(builder) == 20 * UNIT_ATOMS
    scene.open(builder, 18_000)
    assert scene.health(builder).initial_atoms == 18_000 * PRICE_TICKS // 10
    scene.later()
    scene.assert_refused("MarginStale", world.withdraw(builder, 10 * UNIT_ATOMS))
    scene.assert_refused("MarginStale", world.withdraw(builder, 1))


@dataclass
class Ways:
    """An event with a pool and a book, and what free collateral can go to there and elsewhere."""

    scene: PerpScene

    def __post_init__(self) -> None:
        scene, world = self.scene, self.scene.world
        self.host = scene.user()
        self.event = world.new_event(self.host)
        self.pool = world.new_pool(self.host, self.event)
        self.book = world.new_book(self.host, self.event)
        self.outcome_mint = world.new_outcome_mint(self.host, self.event, 0)
        scene.run(world.place(self.host, self.event, self.book, ask(5_000, 10_000)))

    def mint(self, user: User, lots: int) -> Instruction:
        return exchange.mint_set(
            owner=user.key,
            exchange=self.scene.world.exchange_address,
            account=user.account,
            event=self.event,
            lots=lots,
        )

    def merge(self, user: User, lots: int) -> Instruction:
        return exchange.merge_set(owner=user.key, account=user.account, event=self.event, lots=lots)

    def spending(self, way: str, user: User, atoms: int) -> Instruction:
        """An instruction that takes at least `atoms` off what is free of `user`."""
        scene, world, lots = self.scene, self.scene.world, -(-atoms // 4_000)
        at = (user, self.event, self.book)
        taking = bid(5_000, lots, kind=FOK)
        return {
            "withdraw": world.withdraw(user, atoms),
            "add_insurance": scene.insure(user, atoms),
            "trade_pool": world.trade(user, self.event, self.pool, 0, lots),
            "place_order, a bid": world.place(*at, bid(4_000, lots)),
            "place_order, an ask": world.place(*at, ask(6_000, lots)),
            "replace_orders": world.replace(*at, [], [bid(4_000, lots)]),
            "take_order": world.take(*at, taking),
            "take_order, a builder's fee": world.take(*at, taking, None, scene.alice.account, 100),
            "create_pool": self.create_pool(user, lots),
            "tokenize": self.tokenize(user, lots),
            "transfer": self.transfer(user, atoms),
        }[way]

    def create_pool(self, user: User, lots: int) -> Instruction:
        return exchange.create_pool(
            creator=user.key,
            exchange=self.scene.world.exchange_address,
            account=user.account,
            event=self.event,
            pool=exchange.find_pool(event=self.event, creator=user.key),
            kind=exchange.POOL_LMSR,
            liquidity_lots=lots,
        )

    def tokenize(self, user: User, lots: int) -> Instruction:
        """Writes tokens short."""
        return exchange.tokenize(
            owner=user.key,
            exchange=self.scene.world.exchange_address,
            account=user.account,
            event=self.event,
            outcome_mint=self.outcome_mint,
            destination=self.scene.world.new_token_account(self.outcome_mint, user.key),
            outcome=0,
            lots=lots,
        )

    def transfer(self, user: User, atoms: int) -> Instruction:
        """To a second account of the same owner."""
        world = self.scene.world
        second = exchange.find_account(exchange=world.exchange_address, owner=user.key, index=1)
        if not world.exists(second):
            self.scene.run(
                exchange.open_account(
                    payer=user.key, exchange=world.exchange_address, account=second, owner=user.key, index=1
                )
            )
        return exchange.transfer(owner=user.key, source=user.account, destination=second, amount_atoms=atoms)


WAYS = [
    "withdraw",
    "add_insurance",
    "trade_pool",
    "place_order, a bid",
    "place_order, an ask",
    "replace_orders",
    "take_order",
    "take_order, a builder's fee",
    "create_pool",
    "tokenize",
    "transfer",
]


@pytest.mark.parametrize("way", WAYS)
def test_free_collateral_beside_a_position_is_spent_in_no_way_unseen(scene: PerpScene, way: str) -> None:
    """In another slot than the margin was stated nothing leaves; in the same no more than is not required.

    Of 20 the position of 100 requires 10, and 0.045 were its fee.
    """
    ways, user = Ways(scene), scene.user(20 * UNIT_ATOMS)
    scene.open(user, 10_000)
    scene.next_slot()
    some, more = (ways.spending(way, user, atoms) for atoms in (2 * UNIT_ATOMS, 10 * UNIT_ATOMS))
    scene.assert_refused("MarginStale", some)
    scene.run(scene.fresh(user))
    scene.later()
    scene.assert_refused("MarginStale", some)
    scene.next_slot()
    scene.assert_refused("InsolventAccount", scene.fresh(user), more)
    scene.run(scene.fresh(user), some)
    stated = scene.health(user)
    assert stated.free_atoms + stated.losses_atoms >= stated.initial_atoms
    if way != "create_pool":  # there is one now
        scene.assert_refused("InsolventAccount", ways.spending(way, user, 9 * UNIT_ATOMS))


@pytest.mark.parametrize("way", WAYS)
def test_what_an_event_gives_back_is_spent_no_more_freely(scene: PerpScene, way: str) -> None:
    ways, user = Ways(scene), scene.user(20 * UNIT_ATOMS)
    scene.run(ways.mint(user, 1_500))
    scene.open(user, 18_000)
    scene.next_slot()
    scene.run(ways.merge(user, 1_500))
    scene.assert_refused("MarginStale", ways.spending(way, user, 2 * UNIT_ATOMS))


def test_complete_sets_need_no_fresh_margin(scene: PerpScene) -> None:
    """A set is worth what it cost: free collateral stays as it is."""
    ways, user = Ways(scene), scene.user(20 * UNIT_ATOMS)
    scene.open(user, 10_000)
    scene.later()
    free = scene.free(user)
    scene.run(ways.mint(user, 2_000))
    assert scene.free(user) == free
    assert scene.cash(user) == 0


def test_a_taken_token_is_paid_by_a_wallet() -> None:
    """Neither take_tokens nor redeem_tokens touches a margin account: there is nothing to be stale."""
    for name in ("take_tokens", "redeem_tokens"):
        assert "account" not in shape_named(name).accounts


def test_no_loss_here_reaches_what_an_event_needs(scene: PerpScene) -> None:
    """The loser of a perpetual is short in an event: what that owes is paid when it is redeemed."""
    ways, world, user = Ways(scene), scene.world, scene.user(30 * UNIT_ATOMS)
    scene.run(world.place(ways.host, ways.event, ways.book, bid(4_000, 1_000)))
    scene.run(world.place(user, ways.event, ways.book, ask(4_000, 1_000, kind=FOK)))
    reserve = scene.cash(user) - scene.free(user)
    assert reserve == 1_000 * 10_000
    scene.open(user, 20_000)
    scene.price(8_000)
    scene.run(scene.settle(user))
    assert (scene.free(user), scene.cash(user)) == (0, reserve)
    scene.run(scene.resolve(user))
    assert (scene.free(user), scene.cash(user)) == (0, reserve)
    assert scene.leg(user) is None
    resolving = exchange.resolve_event(
        authority=ways.host.key, event=ways.event, payout_ticks=[10_000, *[0] * 15]
    )
    scene.run(exchange.lock_event(locker=ways.host.key, event=ways.event), resolving)
    scene.run(exchange.redeem(account=user.account, event=ways.event))
    assert scene.cash(user) == 0


def test_no_liquidation_takes_what_an_event_needs(scene: PerpScene) -> None:
    """What is reserved is no equity: the account is unhealthy by what is free alone."""
    ways, world, user = Ways(scene), scene.world, scene.user(17 * UNIT_ATOMS)
    scene.run(world.place(ways.host, ways.event, ways.book, bid(4_000, 1_000)))
    scene.run(world.place(user, ways.event, ways.book, ask(4_000, 1_000, kind=FOK)))
    reserve = scene.cash(user) - scene.free(user)
    scene.open(user, 10_000)
    scene.price(9_200)
    scene.run(scene.liquidate(user))
    scene.price(8_000, 301)
    for closing in (scene.liquidate(user), scene.resolve(user)):
        scene.world.refused(scene.liquidator, closing)
    assert scene.held(user) == (0, 0)
    assert scene.cash(user) >= reserve


def test_withdrawing_all_leaves_what_a_position_requires(scene: PerpScene) -> None:
    """All is what is free beyond the reserve that was stated in this slot: 10% of 1,000,000, and 450 lost."""
    world = scene.world
    scene.open(scene.alice, 100)
    everything = world.withdraw(scene.alice, 2**64 - 1)
    scene.next_slot()
    scene.assert_refused("MarginStale", everything)
    scene.run(scene.fresh(scene.alice), everything)
    assert scene.free(scene.alice) == 100_450
    scene.assert_whole()
