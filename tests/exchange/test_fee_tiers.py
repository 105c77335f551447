"""What a taker pays by what it has taken lately, on books and pools alike."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from solders.account import Account

from secant import exchange
from world import World, ask, bid

from .routed import ASK, BID, placed, pool_trade, taking

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from world import User

    from .scene import Scene

WINDOW_S = 30 * 86_400
FEE_BPS, REBATE_BPS = 700, 175
# The least volume of each tier in atoms, and the rate in bps: 100, 90, 80 and 70 % of 7 %.
TIERS = [(0, 700), (10_000 * 10**6, 630), (100_000 * 10**6, 560), (1_000_000 * 10**6, 490)]
EDGES = [
    (from_ - below, TIERS[place - below][1])
    for place, (from_, _) in enumerate(TIERS)
    for below in (0, 1)
    if place
]


def arrange(scene: Scene) -> None:
    scene.rest(scene.mallory, bid(4_900, 100), ask(5_100, 100))


def give_volume(world: World, user: User, atoms: int, *, age_s: int = 0) -> None:
    """Writes a volume into an account: reaching each by trades is for the drills."""
    account = world.svm.get_account(user.account)
    assert account is not None
    data, offset = bytearray(account.data), exchange.MarginAccount.OFFSETS
    data[offset["volume_atoms"] : offset["volume_atoms"] + 8] = atoms.to_bytes(8, "little")
    time = world.now - age_s
    data[offset["volume_time"] : offset["volume_time"] + 8] = time.to_bytes(8, "little", signed=True)
    world.svm.set_account(user.account, Account(account.lamports, bytes(data), account.owner))


def volume(scene: Scene, user: User) -> tuple[int, int]:
    margin = scene.world.margin(user)
    return margin.volume_atoms, margin.volume_time


def fee_of(basis: int, rate_bps: int) -> int:
    """The fee on lots x ticks x (10,000 - ticks), rounded up."""
    return -(-basis * rate_bps // 10**8)


def _rate_of(atoms: int) -> int:
    return next(rate for from_, rate in reversed(TIERS) if atoms >= from_)


@pytest.mark.parametrize(("atoms", "rate"), [*EDGES, (2**64 - 1, 490)])
def test_the_rate_at_each_edge(arranged: Scene, atoms: int, rate: int) -> None:
    """At the least volume of a tier its rate, an atom below it the one before; by every way of taking."""
    scene = arranged
    give_volume(scene.world, scene.alice, atoms)
    fee = fee_of(100 * 5_100 * 4_900, rate)
    request = taking(BID, 5_100, 100)
    for call in (
        scene.place(scene.alice, request),
        scene.take(scene.alice, request),
        scene.replace(scene.alice, [], [request]),
    ):
        assert placed(scene.quoted(call))[2] == fee
    # 400 lots of the pool's: b x the rise of its price, as its own fee at the full rate says within an atom.
    full = scene.quoted(scene.trade(scene.mallory, 0, 400))[0].fee_atoms
    routed = scene.quoted(scene.take(scene.alice, taking(BID, 5_100, 500), scene.pool))
    alone = scene.quoted(scene.trade(scene.alice, 0, 400))[0]
    traded = pool_trade(routed)
    assert traded is not None
    assert traded.fee_atoms == alone.fee_atoms
    assert (full - 1) * rate / 700 <= alone.fee_atoms <= full * rate / 700 + 1
    assert placed(routed)[2] == traded.fee_atoms + fee


def test_the_maker_s_rebate_is_of_the_full_rate(arranged: Scene) -> None:
    scene = arranged
    give_volume(scene.world, scene.alice, 10**12)
    scene.trade_book(scene.alice, taking(BID, 5_100, 100))
    seat, fee = scene.seat(scene.mallory), fee_of(100 * 5_100 * 4_900, 490)
    assert seat is not None
    assert seat.cash_atoms == 510_000 + 100 * 5_100 * 4_900 * REBATE_BPS // 10**8
    assert scene.world.book(scene.book).fees_atoms == fee - 100 * 5_100 * 4_900 * REBATE_BPS // 10**8
    scene.assert_funded()


def test_a_wallet_pays_the_full_rate_and_earns_no_volume(arranged: Scene) -> None:
    scene = arranged
    give_volume(scene.world, scene.alice, 10**12)
    before = scene.states([scene.alice.account])
    _, _, fee = placed(scene.run(scene.take_tokens(scene.alice, taking(BID, 5_100, 100))))
    assert fee == fee_of(100 * 5_100 * 4_900, 700)
    assert scene.states(before) == before


def test_what_is_taken_counts_wherever(arranged: Scene) -> None:
    """The book by lots x p(1 - p), the pool by b times the rise of its price, each rounded down."""
    scene = arranged
    assert volume(scene, scene.alice) == (0, 0)
    scene.trade_book(scene.alice, taking(BID, 5_100, 70))
    book_atoms = 70 * 5_100 * 4_900 // 10_000
    assert volume(scene, scene.alice) == (book_atoms, scene.world.now)
    scene.run(scene.take(scene.alice, taking(BID, 5_100, 30)))
    assert volume(scene, scene.alice)[0] == book_atoms + 30 * 5_100 * 4_900 // 10_000
    so_far = volume(scene, scene.alice)[0]
    (traded,) = scene.run(scene.trade(scene.alice, 0, 400))
    pooled = volume(scene, scene.alice)[0] - so_far
    assert fee_of(pooled * 10_000, 700) <= traded.fee_atoms <= fee_of((pooled + 1) * 10_000, 700)
    scene.run(scene.trade(scene.alice, 0, -400))
    assert volume(scene, scene.alice)[0] == so_far + 2 * pooled
    both = scene.run(scene.take(scene.alice, taking(ASK, 4_900, 450), scene.pool))
    assert pool_trade(both) is not None
    basis = 50 * 4_900 * 5_100 // 10_000
    assert volume(scene, scene.alice)[0] == pytest.approx(so_far + 3 * pooled + basis, abs=1)
    assert volume(scene, scene.mallory) == (0, 0)


@pytest.mark.parametrize("age_s", [0, 1, 86_400, WINDOW_S // 2, WINDOW_S - 1, WINDOW_S, WINDOW_S + 1, 10**9])
def test_it_wears_off_evenly_in_thirty_days(scene: Scene, age_s: int) -> None:
    """Rounded down, before the new is added; the rate is that of what is left, the new not counted."""
    atoms = 200_000 * 10**6 + 7
    give_volume(scene.world, scene.alice, atoms)
    scene.world.set_time(scene.world.now + age_s)
    event = scene.world.new_event(scene.mallory, name="later")
    book = scene.world.new_book(scene.mallory, event)
    scene.run(scene.place(scene.mallory, ask(5_000, 10), event))
    (changed,) = scene.run(scene.world.take(scene.alice, event, book, taking(BID, 5_000, 10)))
    left = atoms * max(0, WINDOW_S - age_s) // WINDOW_S
    assert changed.placed[0].fee_atoms == fee_of(10 * 5_000 * 5_000, _rate_of(left))
    assert volume(scene, scene.alice) == (left + 25_000, scene.world.now)


def test_the_last_atom_of_a_tier_wears_off_in_a_second(arranged: Scene) -> None:
    scene = arranged
    give_volume(scene.world, scene.alice, 100_000 * 10**6)
    scene.world.set_time(scene.world.now + 1)
    _, _, fee = placed(scene.quoted(scene.take(scene.alice, taking(BID, 5_100, 100))))
    assert fee == fee_of(100 * 5_100 * 4_900, 630)


def test_what_takes_nothing_wears_nothing_off(arranged: Scene) -> None:
    """Resting, cancelling, drawing: the clock of the volume is that of the last taking."""
    scene = arranged
    give_volume(scene.world, scene.alice, 10**10)
    kept = volume(scene, scene.alice)
    scene.world.set_time(scene.world.now + 60)
    resting = scene.rest(scene.alice, bid(4_000, 5))
    scene.run(scene.take(scene.alice, taking(BID, 4_000, 5), scene.pool))
    scene.run(scene.cancel(scene.alice, *resting))
    assert volume(scene, scene.alice) == kept


def test_a_clock_that_goes_back_wears_nothing_off(arranged: Scene) -> None:
    scene = arranged
    give_volume(scene.world, scene.alice, 10**10, age_s=-600)
    scene.run(scene.take(scene.alice, taking(BID, 5_100, 100)))
    assert volume(scene, scene.alice) == (10**10 + 100 * 5_100 * 4_900 // 10_000, scene.world.now)


def test_the_greatest_volume_stays_in_its_range(arranged: Scene) -> None:
    scene = arranged
    give_volume(scene.world, scene.alice, 2**64 - 1)
    scene.run(scene.take(scene.alice, taking(BID, 5_100, 500), scene.pool))
    assert volume(scene, scene.alice)[0] == 2**64 - 1
    scene.world.set_time(scene.world.now + 1)
    scene.run(scene.trade(scene.alice, 0, -100))
    left = (2**64 - 1) * (WINDOW_S - 1) // WINDOW_S
    assert left < volume(scene, scene.alice)[0] < left + 10**6


def test_orders_of_one_instruction_count_for_the_next(arranged: Scene) -> None:
    """The second of two orders pays the rate that the first has earned."""
    scene = arranged
    short = 50 * 5_100 * 4_900 // 10_000
    give_volume(scene.world, scene.alice, 10_000 * 10**6 - short)
    request = taking(BID, 5_100, 50)
    (changed,) = scene.run(scene.replace(scene.alice, [], [request, request]))
    basis = 50 * 5_100 * 4_900
    assert [row.fee_atoms for row in changed.placed] == [fee_of(basis, 700), fee_of(basis, 630)]


@pytest.mark.parametrize("fee_bps", [0, 1, 3, 9, 10, 11, 333, 1_000])
@pytest.mark.parametrize("atoms", [0, TIERS[1][0], TIERS[2][0], TIERS[3][0]])
def test_a_trader_with_itself_never_earns(fee_bps: int, atoms: int) -> None:
    """Own accounts on both sides, at any rate and tier: a trade costs at least what its maker is repaid."""
    scene = _Desk(fee_bps)
    draw = random.Random(fee_bps)
    wealth = scene.wealth()
    for _ in range(12):
        price, lots, side = draw.choice([1, 2, 777, 5_000, 9_999]), draw.randint(1, 30), draw.randint(0, 1)
        scene.wash(price, lots, side, atoms)
        after = scene.wealth()
        assert after <= wealth
        wealth = after


class _Desk:
    """One exchange of some rate, and two accounts of one trader."""

    def __init__(self, fee_bps: int) -> None:
        self.world = World(fee_bps=fee_bps)
        self.maker, self.taker = (self.world.new_user(10**9, 10**9) for _ in range(2))
        self.event = self.world.new_event(self.maker)
        self.book: Pubkey = self.world.new_book(self.maker, self.event)

    def wash(self, price: int, lots: int, side: int, atoms: int) -> None:
        world = self.world
        for _ in range(3):  # three makers' orders round three times
            row = (ask, bid)[side](price, lots)
            world.run(world.place(self.maker, self.event, self.book, row), signers=[self.maker.keys])
        give_volume(world, self.taker, atoms)
        taken = world.take(self.taker, self.event, self.book, taking(side, price, 3 * lots))
        drawn = exchange.draw_seat(account=self.maker.account, event=self.event, book=self.book)
        world.run(taken, drawn, signers=[self.taker.keys])

    def wealth(self) -> int:
        """Both accounts' cash: their positions cancel out."""
        return sum(self.world.margin(user).cash_atoms for user in (self.maker, self.taker))
