"""A builder's fee on what an order takes: who pays it, who gets it, and that it makes no money."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from solders.instruction import AccountMeta, Instruction

from secant import exchange
from world import RefusedError, ask, bid, builders

from .refusals import TWICE, Refusal, emitted
from .routed import ASK, BID, SIDES, placed, pool_trade, taking

if TYPE_CHECKING:
    from collections.abc import Callable

    from solders.pubkey import Pubkey

    from .scene import Scene

BPS_MAX = exchange.BUILDER_FEE_MAX_BPS
ASK_TICKS = 5_100
POOL_LOTS_BELOW = 400


def arrange(scene: Scene) -> None:
    scene.rest(scene.mallory, bid(4_900, 100), ask(ASK_TICKS, 100))
    scene.run(scene.tokenize(scene.alice, 100, scene.tokens))


@dataclass(frozen=True)
class Taking:
    """An instruction that takes, its order and what follows it."""

    name: str
    build: Callable[[Scene, exchange.OrderRequest, int, list[AccountMeta]], Instruction]

    def __str__(self) -> str:
        return self.name


def _extended(call: Instruction, bps: int, trailing: list[AccountMeta]) -> Instruction:
    """The rate is every taking instruction's last argument."""
    data = bytes(call.data)[:-2] + bps.to_bytes(2, "little")
    return Instruction(call.program_id, data, [*call.accounts, *trailing])


TAKINGS = [
    Taking("place_order", lambda s, r, bps, more: _extended(s.place(s.alice, r), bps, more)),
    Taking("take_order alone", lambda s, r, bps, more: _extended(s.take(s.alice, r), bps, more)),
    Taking("take_order beside", lambda s, r, bps, more: _extended(s.take(s.alice, r, s.pool), bps, more)),
    Taking("take_tokens alone", lambda s, r, bps, more: _extended(s.take_tokens(s.alice, r), bps, more)),
    Taking(
        "take_tokens beside", lambda s, r, bps, more: _extended(s.take_tokens(s.alice, r, s.pool), bps, more)
    ),
]
takings = pytest.mark.parametrize("taken", TAKINGS, ids=str)


def call(
    scene: Scene, taken: Taking, bps: int = BPS_MAX, builder: Pubkey | None = None, **changes: Any
) -> Instruction:
    """Buys a hundred lots, with a pool 400 more; paid to Mallory unless said otherwise."""
    request = taking(BID, ASK_TICKS, 500, **changes)
    return taken.build(scene, request, bps, builders(builder or scene.mallory.account))


def _alice(scene: Scene) -> int:
    """All of Alice's collateral."""
    return scene.cash(scene.alice) + scene.world.token_amount(scene.alice.wallet)


def _refusals(taken: Taking) -> list[Refusal[Scene]]:
    request = taking(BID, ASK_TICKS, 10)

    def by(meta: Callable[[Scene], list[AccountMeta]], bps: int = 1) -> Callable[[Scene], Instruction]:
        return lambda scene: taken.build(scene, request, bps, meta(scene))

    def other(name: str) -> Callable[[Scene], list[AccountMeta]]:
        return lambda scene: builders(scene.addresses[name])

    strangers = {
        "of another exchange": "foreign_account",
        "that is a wallet": "mallory_wallet",
        "that is an event": "other_event",
        "that is a pool": "other_pool",
        "that is a book": "other_book",
        "of the oracle": "record",
        "that is nothing": "mallory",
    }
    named = [("a builder " + what, by(other(name))) for what, name in strangers.items()]
    named += [
        ("nobody", by(lambda _: [])),
        ("above the most", by(lambda s: builders(s.mallory.account), BPS_MAX + 1)),
        ("all bits", by(lambda s: builders(s.mallory.account), 65_535)),
        (
            "read-only",
            by(lambda s: [AccountMeta(s.mallory.account, is_signer=False, is_writable=False)]),
        ),
        ("another discriminator", by(lambda s: builders(s.other_type(s.mallory.account)))),
        ("another program", by(lambda s: builders(s.clone(s.mallory.account)))),
    ]
    return [Refusal(f"{taken}, {title}", "BuilderFeeInvalid", build) for title, build in named]


REFUSED: list[Refusal[Scene]] = [
    *[refusal for taken in TAKINGS for refusal in _refusals(taken)],
    # Declared accounts are refused as builders before any is read.
    *[
        Refusal(f"{taken}, own account", TWICE, lambda s, taken=taken: call(s, taken, 1, s.alice.account))
        for taken in TAKINGS[:3]
    ],
    *[
        Refusal(f"{taken}, own book", TWICE, lambda s, taken=taken: call(s, taken, 1, s.book))
        for taken in TAKINGS
    ],
    *[
        Refusal(f"{taken}, own pool", TWICE, lambda s, taken=taken: call(s, taken, 1, s.pool))
        for taken in (TAKINGS[2], TAKINGS[4])
    ],
]


@takings
@pytest.mark.parametrize("bps", [1, 37, BPS_MAX])
def test_the_taker_pays_it_to_the_builder(arranged: Scene, taken: Taking, bps: int) -> None:
    """Of lots x p(1 - p) over all that was taken, rounded up once; nothing else is different."""
    scene, builder = arranged, arranged.new_user()
    plain = scene.quoted(call(scene, taken, 0))
    cash = _alice(scene)
    events = scene.run(call(scene, taken, bps, builder.account))
    paid = next(event for event in events if isinstance(event, exchange.BuilderPaid))
    assert [event for event in events if event is not paid] == plain
    basis = 100 * ASK_TICKS * (10_000 - ASK_TICKS) // 10_000
    if (traded := pool_trade(plain)) is not None:
        assert traded.lots == POOL_LOTS_BELOW
        # b = 10,000 lots: the price went from 5,000 ticks to what 400 lots make of it.
        basis += _lmsr_volume(10_000, 0, POOL_LOTS_BELOW)
    assert paid.amount_atoms == -(-basis * bps // 10_000)
    assert paid.builder == builder.account
    assert paid.trader == (scene.alice.key if "tokens" in taken.name else scene.alice.account)
    assert scene.cash(builder) == paid.amount_atoms
    _, spent, fee = placed(plain)
    assert cash - _alice(scene) == spent + fee + paid.amount_atoms
    scene.assert_funded(builder)


def _lmsr_volume(liquidity: int, start: int, lots: int) -> int:
    """b times what the price rises by, in atoms, rounded down; the other outcome has not been traded."""
    rise = 1 / (1 + math.exp(-(start + lots) / liquidity)) - 1 / (1 + math.exp(-start / liquidity))
    return int(liquidity * 10_000 * rise)


@pytest.mark.parametrize("taken", [TAKINGS[0], TAKINGS[1], TAKINGS[3]], ids=str)
@pytest.mark.parametrize("side", SIDES)
def test_a_volume_below_an_atom_pays_nothing(scene: Scene, taken: Taking, side: int) -> None:
    """A lot at an edge of the prices is worth 0.9999 atoms of it; two are worth one, and pay an atom."""
    builder, price = scene.new_user(), (9_999, 1)[side]
    scene.run(scene.tokenize(scene.alice, 10, scene.tokens))
    scene.rest(scene.mallory, (ask, bid)[side](price, 4))
    for lots, earned in ((1, 0), (1, 0), (2, 1)):
        scene.run(taken.build(scene, taking(side, price, lots), BPS_MAX, builders(builder.account)))
        assert scene.cash(builder) == earned
    scene.assert_funded(builder)


@takings
def test_what_is_not_taken_pays_nothing(arranged: Scene, taken: Taking) -> None:
    scene, builder = arranged, arranged.new_user()
    request = taking(BID, 4_950, 10)
    events = scene.run(taken.build(scene, request, BPS_MAX, builders(builder.account)))
    assert not [event for event in events if isinstance(event, exchange.BuilderPaid)]
    assert scene.cash(builder) == 0


def test_what_rests_pays_nothing(arranged: Scene) -> None:
    """Neither at once nor when it is filled: only takers pay."""
    scene, builder = arranged, arranged.new_user()
    resting = _extended(scene.place(scene.alice, bid(5_000, 10)), BPS_MAX, builders(builder.account))
    scene.run(resting)
    scene.run(scene.take(scene.mallory, taking(ASK, 5_000, 10)))
    assert scene.cash(builder) == 0
    scene.assert_funded(builder)


@takings
def test_at_no_rate_nothing_need_follow(arranged: Scene, taken: Taking) -> None:
    scene = arranged
    cash = scene.cash(scene.mallory)
    scene.run(call(scene, taken, 0))
    scene.run(taken.build(scene, taking(ASK, 4_900, 10), 0, []))
    assert scene.cash(scene.mallory) == cash


def test_the_maker_may_be_the_builder(arranged: Scene) -> None:
    """Its fills are in its seat, not in the account that the fee is paid into."""
    scene = arranged
    cash = scene.cash(scene.mallory)
    (paid, _) = scene.run(call(scene, TAKINGS[0]))
    assert scene.cash(scene.mallory) == cash + paid.amount_atoms
    scene.run(scene.draw_seat(scene.mallory))
    scene.assert_funded()


@pytest.mark.parametrize("taken", TAKINGS[3:], ids=str)
def test_a_holder_may_pay_the_own_margin_account(arranged: Scene, taken: Taking) -> None:
    """What leaves the wallet arrives in the ledger: no atom more."""
    scene = arranged
    cash, wallet = scene.cash(scene.alice), scene.world.token_amount(scene.alice.wallet)
    events = scene.run(call(scene, taken, BPS_MAX, scene.alice.account))
    paid = next(event for event in events if isinstance(event, exchange.BuilderPaid))
    assert scene.cash(scene.alice) == cash + paid.amount_atoms
    _, cost, fee = placed(events)
    spent = wallet - scene.world.token_amount(scene.alice.wallet)
    assert spent == cost + fee + paid.amount_atoms
    scene.assert_funded()


@pytest.mark.parametrize("taken", TAKINGS[:3], ids=str)
def test_a_second_own_account_gains_what_the_first_pays(arranged: Scene, taken: Taking) -> None:
    scene = arranged
    second = exchange.find_account(exchange=scene.world.exchange_address, owner=scene.alice.key, index=1)
    opening = exchange.open_account(
        payer=scene.alice.key,
        exchange=scene.world.exchange_address,
        account=second,
        owner=scene.alice.key,
        index=1,
    )
    scene.run(opening)
    _, cost, fee = placed(scene.quoted(call(scene, taken, 0)))
    cash = scene.cash(scene.alice)
    scene.run(call(scene, taken, BPS_MAX, second))
    gained = exchange.MarginAccount.decode(scene.world.data(second)).cash_atoms
    assert gained > 0
    assert cash - scene.cash(scene.alice) == cost + fee + gained


def test_only_the_first_account_that_follows_is_paid(arranged: Scene) -> None:
    scene, builder = arranged, arranged.new_user()
    trailing = [*builders(builder.account), *builders(scene.mallory.account), *builders(builder.account)]
    cash = scene.cash(scene.mallory)
    request = taking(BID, ASK_TICKS, 100)
    events = scene.run(TAKINGS[0].build(scene, request, BPS_MAX, trailing))
    paid = next(event for event in events if isinstance(event, exchange.BuilderPaid))
    assert (scene.cash(builder), scene.cash(scene.mallory)) == (paid.amount_atoms, cash)
    scene.assert_funded(builder)


@takings
def test_the_limit_and_the_collateral_count_the_fee(arranged: Scene, taken: Taking) -> None:
    scene = arranged
    _, spent, fee = placed(scene.quoted(call(scene, taken, 0)))
    cost = spent + fee
    if "tokens" in taken.name:
        scene.addresses["purse"] = scene.world.new_token_account(scene.world.mint, scene.alice.key, cost)
        poor = scene.substitute(call(scene, taken, 1), "collateral", "purse")
        scene.assert_refused("Custom(1)", poor)
        scene.run(scene.substitute(call(scene, taken, 0), "collateral", "purse"))
        return
    scene.run(scene.detokenize(scene.alice, 100, scene.tokens))
    scene.run(scene.world.withdraw(scene.alice, scene.free(scene.alice) - cost))
    scene.assert_refused("InsolventAccount", call(scene, taken, 1))
    scene.run(call(scene, taken, 0))


def test_a_refused_order_pays_no_builder(arranged: Scene) -> None:
    scene = arranged
    for taken in TAKINGS:
        request = taking(BID, ASK_TICKS, 10**6, kind=exchange.ORDER_FILL_OR_KILL)
        before = scene.states([scene.mallory.account])
        with pytest.raises(RefusedError) as refused:
            scene.run(taken.build(scene, request, BPS_MAX, builders(scene.mallory.account)))
        assert refused.value.name == "OrderNotFilled"
        assert scene.states(before) == before
        assert not [e for e in emitted(refused.value.logs) if isinstance(e, exchange.BuilderPaid)]


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
