from __future__ import annotations

from typing import NamedTuple

import pytest
from solders.instruction import Instruction

from exchange.refusals import TWICE, Refusal, Substitution, substitutions
from perp_world import RULES
from secant import exchange
from world import ask, bid

from .scene import DEPOSIT_ATOMS, PRICE_TICKS, PerpScene
from .substitutes import BOOK, EXCHANGE, FEED, MARGIN_ACCOUNT, MARKET, SIGNER

LOTS = 10_000
VICTIM_ATOMS = 11_000_000
FEE_ATOMS = 45_000
TARGET_BPS = 11_000


def arrange(scene: PerpScene) -> None:
    """Somebody is long 10,000 lots with 11; the price is 9,300, where he has 3.955 and 4.65 are required."""
    scene.victim = scene.user(VICTIM_ATOMS)
    scene.open(scene.victim, LOTS)
    scene.price(9_300)
    scene.addresses["victim_account"] = scene.victim.account


def call(scene: PerpScene, lots_max: int = 2**64 - 1) -> Instruction:
    return scene.liquidate(scene.victim, lots_max)


class Expected(NamedTuple):
    """What the rules say of a liquidation: computed afresh, one lot after another."""

    lots: int
    reward_atoms: int
    insurance_atoms: int


def share_up(value: int, bps: int) -> int:
    return -(-value * bps // 10_000)


def expected(equity: int, lots: int, mark: int, elsewhere: int = 0, dust: int = RULES.dust_atoms) -> Expected:
    """The least lots that restore 110% of what keeping requires, in the first tier."""
    required = share_up(lots * mark, 500) + elsewhere
    sunk_permille = (required - equity) * 1_000 // required
    affordable = equity // (lots * mark // 10_000 + 1)
    reward_bps = min(50 + 200 * sunk_permille // 1_000, max(affordable, 50))

    def is_restored(closed: int) -> bool:
        left = equity - share_up(closed * mark, reward_bps + 50)
        keeping = share_up((lots - closed) * mark, 500) + elsewhere
        return left >= keeping + share_up(keeping, TARGET_BPS - 10_000)

    closed = next((closed for closed in range(lots) if is_restored(closed)), lots)
    if (lots - closed) * mark < dust:
        closed = lots
    reward = min(closed * mark * reward_bps // 10_000, equity)
    return Expected(closed, reward, min(closed * mark * 50 // 10_000, equity - reward))


def poor_taker(scene: PerpScene, deposit_atoms: int) -> Instruction:
    return scene.liquidate(scene.victim, taker=scene.user(deposit_atoms))


def _without_other_market(scene: PerpScene) -> Instruction:
    liquidating = call(scene)
    return Instruction(liquidating.program_id, bytes(liquidating.data), liquidating.accounts[:7])


def _uncertain(scene: PerpScene) -> None:
    scene.world.set_time(scene.world.now + 1)
    scene.world.publish_price(scene.world.feeds[scene.market], -1)


def _lose_all_in_the_other_market(scene: PerpScene) -> None:
    """Nothing is open in the market any more, a debt is left there, and the other position has sunk."""
    scene.victim = scene.user(30_000_000)
    scene.open(scene.victim, LOTS, 9_300)
    scene.open(scene.victim, 20_000, market=scene.other_market)
    scene.open(scene.victim, -LOTS, 9_300)
    scene.prices(9_300, 8_900)


def _fill_legs(scene: PerpScene) -> None:
    for number in range(8):
        market = scene.world.new_perp(f"leg {number}")
        scene.rest(scene.liquidator, bid(9_000, 1), market=market)


def _near_the_limit(scene: PerpScene) -> None:
    market = scene.world.new_perp("small", position_max_lots=LOTS)
    scene.victim = scene.user(VICTIM_ATOMS)
    scene.open(scene.victim, LOTS, market=market)
    scene.open(scene.liquidator, LOTS, market=market, against=scene.alice)
    scene.price(9_300, market=market)
    scene.market = market


SUBSTITUTED = substitutions(
    "liquidate",
    {
        "liquidator": SIGNER,
        "exchange": EXCHANGE | {"foreign_exchange": "ExchangeMismatch"},
        "taker": MARGIN_ACCOUNT
        | {"mallory_account": "OwnerMismatch", "foreign_account": "OwnerMismatch", "victim_account": TWICE},
        "account": MARGIN_ACCOUNT
        | {
            "alice_account": "PerpLegAbsent",
            "mallory_account": "AccountHealthy",
            "foreign_account": "ExchangeMismatch",
        },
        "market": MARKET | {"other_market": "FeedMismatch", "foreign_market": "FeedMismatch"},
        "feed": FEED,
        "book": BOOK,
    },
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal("paused", "Paused", call, lambda s: s.run(s.pause_perp(exchange.PERP_PAUSE_LIQUIDATE))),
    Refusal("a price long stale", "PriceUnfit", call, lambda s: s.world.set_time(s.world.now + 361)),
    Refusal("an uncertain price", "PriceUnfit", call, _uncertain),
    Refusal(
        "an order still open",
        "OrdersOpen",
        call,
        lambda s: s.rest(s.victim, ask(9_500, 1, reduce_only=True)),
    ),
    Refusal("healthy again", "AccountHealthy", call, lambda s: s.price(9_400)),
    Refusal("deposited again", "AccountHealthy", call, lambda s: s.give(s.victim, 695_000)),
    Refusal("bankrupt", "AccountBankrupt", call, lambda s: s.price(8_900)),
    Refusal("no lots", "AmountZero", lambda s: call(s, 0)),
    Refusal("nothing left to take over", "NothingToLiquidate", call, _lose_all_in_the_other_market),
    Refusal(
        "without a market of the victim's",
        "PerpMarketMissing",
        _without_other_market,
        _lose_all_in_the_other_market,
    ),
    Refusal(
        "a market of the victim's a slot behind",
        "PerpMarketStale",
        call,
        lambda s: (_lose_all_in_the_other_market(s), s.price(9_300)),
    ),
    Refusal(
        "a market of the taker's a slot behind",
        "PerpMarketStale",
        call,
        lambda s: s.rest(s.liquidator, bid(9_000, 1), market=s.other_market) and s.price(9_300),
    ),
    Refusal("a taker who could not have opened it", "InsolventAccount", lambda s: poor_taker(s, 1_000_000)),
    Refusal("a taker in eight other markets", "PerpLegsFull", call, _fill_legs),
    Refusal("a taker at the limit", "PositionTooLarge", call, _near_the_limit),
]


def test_takes_as_much_over_as_restores_the_account(arranged: PerpScene) -> None:
    scene = arranged
    before, changes = scene.perp(), scene.world.book(scene.book).changes
    equity = VICTIM_ATOMS - FEE_ATOMS - LOTS * 700
    due = expected(equity, LOTS, 9_300)
    assert 0 < due.lots < LOTS
    assert scene.run(call(scene)) == [
        exchange.Liquidated(
            account=scene.victim.account,
            taker=scene.liquidator.account,
            market=scene.market,
            lots=due.lots,
            mark_ticks=9_300,
            reward_atoms=due.reward_atoms,
            insurance_atoms=due.insurance_atoms,
            shortfall_atoms=0,
            haircut_atoms=0,
        )
    ]
    value = due.lots * 9_300
    assert scene.held(scene.victim) == (
        LOTS - due.lots,
        -LOTS * PRICE_TICKS - FEE_ATOMS + value - due.reward_atoms - due.insurance_atoms,
    )
    assert scene.held(scene.liquidator) == (due.lots, due.reward_atoms - value)
    after = scene.perp()
    assert after.insurance_due_atoms - before.insurance_due_atoms == due.insurance_atoms
    assert (after.open_lots, after.pool_atoms, after.last_ticks) == (
        LOTS,
        before.pool_atoms,
        before.last_ticks,
    )
    assert scene.world.book(scene.book).changes == changes
    stated = scene.health(scene.victim)
    assert stated.equity_atoms >= share_up(stated.maintenance_atoms, TARGET_BPS)
    scene.assert_whole()


def test_what_insurance_earns_it_may_pay_on_the_same_day(arranged: PerpScene) -> None:
    """Once the loss is in the pool, and the market is looked at."""
    scene = arranged
    scene.run(call(scene))
    due = scene.perp().insurance_due_atoms
    assert due > 0
    scene.run(scene.settle(scene.victim), scene.update())
    perp = scene.perp()
    assert (perp.insurance_due_atoms, perp.insurance_atoms, perp.insurance_window_atoms) == (0, due, due)
    scene.assert_whole()


def test_a_healthy_account_is_left_alone_to_the_atom(scene: PerpScene) -> None:
    """Equity of exactly what keeping requires is healthy, an atom less is not."""
    for deposit, refused in ((VICTIM_ATOMS + 695_000, "AccountHealthy"), (VICTIM_ATOMS + 694_999, "")):
        scene.victim = scene.user(deposit)
        scene.price(PRICE_TICKS)
        scene.open(scene.victim, LOTS)
        scene.price(9_300)
        assert scene.world.refused(scene.liquidator, call(scene)) == refused
    scene.assert_whole()


def test_a_short_is_taken_over_alike(scene: PerpScene) -> None:
    scene.victim = scene.user(VICTIM_ATOMS)
    scene.open(scene.victim, -LOTS)
    scene.price(10_700)
    due = expected(VICTIM_ATOMS - FEE_ATOMS - LOTS * 700, LOTS, 10_700)
    (event,) = scene.run(call(scene))
    assert (event.lots, event.reward_atoms, event.insurance_atoms) == due
    assert scene.held(scene.liquidator) == (-due.lots, due.lots * 10_700 + due.reward_atoms)
    scene.assert_whole()


@pytest.mark.parametrize("price_ticks", range(8_960, 9_360, 40))
def test_rewards_ramp_up_the_deeper_the_account_has_sunk(scene: PerpScene, price_ticks: int) -> None:
    scene.victim = scene.user(VICTIM_ATOMS)
    scene.open(scene.victim, LOTS)
    scene.price(price_ticks)
    due = expected(VICTIM_ATOMS - FEE_ATOMS - LOTS * (PRICE_TICKS - price_ticks), LOTS, price_ticks)
    (event,) = scene.run(call(scene))
    assert (event.lots, event.reward_atoms, event.insurance_atoms) == due
    scene.assert_whole()


@pytest.mark.parametrize("lots_max", [1, 100])
def test_a_liquidator_takes_less_if_he_wants(arranged: PerpScene, lots_max: int) -> None:
    (event,) = arranged.run(call(arranged, lots_max))
    assert event.lots == lots_max
    assert arranged.held(arranged.victim)[0] == LOTS - lots_max
    arranged.assert_whole()


def test_the_whole_of_it_pays_its_loss_and_gives_its_leg_up(scene: PerpScene) -> None:
    """At 8,990 all is closed: what is lost moves from the cash into the pool at once."""
    scene.victim = scene.user(VICTIM_ATOMS)
    scene.open(scene.victim, LOTS)
    scene.price(8_990)
    due = expected(VICTIM_ATOMS - FEE_ATOMS - LOTS * 1_010, LOTS, 8_990)
    assert due.lots == LOTS
    (event,) = scene.run(call(scene))
    assert event.lots == LOTS
    left = VICTIM_ATOMS - FEE_ATOMS - LOTS * 1_010 - due.reward_atoms - due.insurance_atoms
    assert scene.leg(scene.victim) is None
    assert scene.cash(scene.victim) == left
    assert scene.perp().pool_atoms == VICTIM_ATOMS - left
    scene.assert_whole()


def test_what_would_be_left_as_dust_goes_too(scene: PerpScene) -> None:
    """Less than a unit would be left of the position: all of it is closed."""
    scene.victim = scene.user(VICTIM_ATOMS // 100)
    scene.open(scene.victim, LOTS // 100)
    scene.price(9_300)
    equity = (VICTIM_ATOMS - FEE_ATOMS) // 100 - LOTS // 100 * 700
    assert expected(equity, LOTS // 100, 9_300, dust=0).lots < LOTS // 100
    assert expected(equity, LOTS // 100, 9_300).lots == LOTS // 100
    (event,) = scene.run(call(scene))
    assert event.lots == LOTS // 100
    scene.assert_whole()


def test_positions_elsewhere_count(scene: PerpScene) -> None:
    """Half of what is required is the other market's."""
    scene.victim = scene.user(2 * VICTIM_ATOMS)
    scene.open(scene.victim, LOTS)
    scene.open(scene.victim, LOTS, market=scene.other_market)
    scene.prices(9_300, 9_300)
    equity = 2 * (VICTIM_ATOMS - FEE_ATOMS - LOTS * 700)
    due = expected(equity, LOTS, 9_300, elsewhere=share_up(LOTS * 9_300, 500))
    (event,) = scene.run(call(scene))
    assert (event.lots, event.reward_atoms, event.insurance_atoms) == due
    scene.assert_whole()


def test_a_taker_on_the_other_side_closes_his_own(arranged: PerpScene) -> None:
    """Mallory, who is short, takes over: less is open than before."""
    scene = arranged
    (event,) = scene.run(scene.liquidate(scene.victim, taker=scene.mallory))
    assert scene.held(scene.mallory)[0] == event.lots - LOTS
    assert scene.perp().open_lots == LOTS - event.lots
    scene.assert_whole()


def test_a_liquidator_who_closes_all_of_his_own_needs_nothing_more(scene: PerpScene) -> None:
    """The last lot of his goes, and the leg with it, once it is settled."""
    scene.victim = scene.user(VICTIM_ATOMS)
    scene.open(scene.victim, LOTS, against=scene.liquidator)
    scene.price(8_990)
    scene.run(call(scene))
    assert scene.held(scene.liquidator)[0] == 0
    assert scene.perp().open_lots == 0
    scene.assert_whole()


def test_the_mark_does_not_move(arranged: PerpScene) -> None:
    """A takeover is no trade: nothing that prices are made of changes."""
    scene = arranged
    before = scene.perp()
    scene.run(call(scene))
    scene.run(scene.update())
    after = scene.perp()
    for name in ("mark_ticks", "last_ticks", "traded_at", "basis_average", "index_average"):
        assert getattr(after, name) == getattr(before, name), name


@pytest.mark.parametrize("bits", [exchange.PERP_PAUSE_OPEN, exchange.PERP_PAUSE_PROFITS])
def test_other_pauses_leave_it_open(arranged: PerpScene, bits: int) -> None:
    arranged.run(arranged.pause(15), arranged.pause_perp(bits))
    arranged.run(call(arranged))
    assert arranged.held(arranged.liquidator)[0] > 0


def test_a_price_that_is_stale_for_opening_serves(arranged: PerpScene) -> None:
    arranged.world.set_time(arranged.world.now + 360)
    arranged.run(call(arranged))


def test_what_was_stated_of_the_margins_is_void(arranged: PerpScene) -> None:
    """Also of who takes over: what his own seat has yet to bear was not judged."""
    scene = arranged
    scene.next_slot()
    scene.run(call(scene))
    for user in (scene.victim, scene.liquidator):
        assert scene.world.margin(user).reserve_slot == 0
    scene.assert_refused("MarginStale", scene.world.withdraw(scene.liquidator, 1))
    scene.run(scene.fresh(scene.liquidator))
    free = DEPOSIT_ATOMS - scene.world.margin(scene.liquidator).reserve_atoms
    scene.assert_refused("InsolventAccount", scene.world.withdraw(scene.liquidator, free + 1))
    scene.run(scene.world.withdraw(scene.liquidator, free))
    scene.assert_whole()


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
