from __future__ import annotations

from dataclasses import replace

import pytest
from solders.instruction import Instruction

from exchange.refusals import TWICE, Refusal, Substitution, substitutions
from secant import exchange
from world import User, ask, bid

from .scene import FOK, PRICE_TICKS, PerpScene, changed_fields
from .substitutes import BOOK, EXCHANGE, FEED, MARGIN_ACCOUNT, MARKET, SIGNER

LOTS = 10_000
VICTIM_ATOMS = 11_000_000
FEE_ATOMS = 45_000
REWARD_ATOMS = LOTS * 8_900 * 50 // 10_000
DEFICIT_ATOMS = LOTS * 1_100 + FEE_ATOMS + REWARD_ATOMS - VICTIM_ATOMS
INDEX_ONE = 2**32
DEBT_ATOMS = 295_500


def arrange(scene: PerpScene) -> None:
    """Somebody is long 10,000 lots with 11, has lost 11.045 at 8,900, and costs 0.445 to take over."""
    scene.victim = scene.user(VICTIM_ATOMS)
    scene.open(scene.victim, LOTS)
    scene.price(8_900)
    scene.addresses["victim_account"] = scene.victim.account


def call(scene: PerpScene) -> Instruction:
    return scene.resolve(scene.victim)


def event(scene: PerpScene, **changes: int) -> exchange.Liquidated:
    stated = exchange.Liquidated(
        account=scene.victim.account,
        taker=scene.liquidator.account,
        market=scene.market,
        lots=LOTS,
        mark_ticks=8_900,
        reward_atoms=REWARD_ATOMS,
        insurance_atoms=0,
        shortfall_atoms=DEFICIT_ATOMS,
        haircut_atoms=DEFICIT_ATOMS,
    )
    return replace(stated, **changes)


def _bare(scene: PerpScene) -> Instruction:
    resolving = call(scene)
    return Instruction(resolving.program_id, bytes(resolving.data), resolving.accounts[:7])


def _uncertain(scene: PerpScene) -> None:
    scene.world.set_time(scene.world.now + 1)
    scene.world.publish_price(scene.world.feeds[scene.market], -1)


def _leave_a_debt(scene: PerpScene, taker: User) -> None:
    """A long's deficit but for what the other market still owes: 295,500 atoms, which are then lost there."""
    scene.victim = scene.user(VICTIM_ATOMS)
    scene.open(scene.victim, 9_000)
    scene.open(scene.victim, -1_000, market=scene.other_market)
    scene.prices(8_750, 9_700)
    scene.run(scene.resolve(scene.victim, taker))
    assert (scene.held(scene.victim), scene.cash(scene.victim)) == ((0, -DEBT_ATOMS), 0)
    scene.prices(8_750)


def _leave_a_debt_to_nobody(scene: PerpScene) -> None:
    """Who is short takes over what was long: nothing is open any more."""
    _resolved(scene)
    _leave_a_debt(scene, scene.mallory)
    assert scene.perp().open_lots == 0


def _resolved(scene: PerpScene) -> None:
    """The victim of before is taken over by who was short against him."""
    scene.run(scene.resolve(scene.victim, scene.mallory))
    scene.stay(PRICE_TICKS)
    scene.prices(PRICE_TICKS)


def _rest_before_the_fall(scene: PerpScene) -> None:
    scene.victim = scene.user(VICTIM_ATOMS + 10**6)
    scene.stay(PRICE_TICKS)
    scene.open(scene.victim, LOTS)
    scene.rest(scene.victim, ask(10_400, 1, reduce_only=True))
    scene.price(8_800)


def _fill_legs(scene: PerpScene) -> None:
    for number in range(8):
        scene.rest(scene.liquidator, bid(8_000, 1), market=scene.world.new_perp(f"leg {number}"))


def _at_the_limit(scene: PerpScene) -> None:
    scene.market = scene.world.new_perp("small", position_max_lots=LOTS)
    scene.victim = scene.user(VICTIM_ATOMS)
    scene.open(scene.victim, LOTS)
    scene.open(scene.liquidator, LOTS, against=scene.alice)
    scene.price(8_900)


SUBSTITUTED = substitutions(
    "resolve_bankruptcy",
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
        _rest_before_the_fall,
    ),
    Refusal("healthy again", "AccountHealthy", call, lambda s: s.price(9_400)),
    Refusal("unhealthy, but solvent", "AccountSolvent", call, lambda s: s.price(9_300)),
    Refusal("no lots", "AmountZero", lambda s: s.resolve(s.victim, lots_max=0)),
    Refusal("resolved already", "PerpLegAbsent", call, lambda s: s.run(call(s))),
    Refusal(
        "without a market of the taker's",
        "PerpMarketMissing",
        _bare,
        lambda s: s.rest(s.liquidator, bid(9_000, 1), market=s.other_market),
    ),
    Refusal(
        "a market of the taker's a slot behind",
        "PerpMarketStale",
        call,
        lambda s: s.rest(s.liquidator, bid(9_000, 1), market=s.other_market) and s.price(8_900),
    ),
    Refusal(
        "a taker who could not have opened it",
        "InsolventAccount",
        lambda s: s.resolve(s.victim, taker=s.user(1_000_000)),
    ),
    Refusal("a taker in eight other markets", "PerpLegsFull", call, _fill_legs),
    Refusal("a taker at the limit", "PositionTooLarge", call, _at_the_limit),
    Refusal("a debt, and nobody else left", "InsuranceInsufficient", call, _leave_a_debt_to_nobody),
]


def test_the_other_side_bears_what_is_missing(arranged: PerpScene) -> None:
    """490,000 atoms by 10,000 short lots: 49 each, and nobody else anything."""
    scene = arranged
    before, mallory = scene.perp(), scene.health(scene.mallory).equity_atoms
    assert scene.run(call(scene)) == [event(scene)]
    after = scene.perp()
    assert changed_fields(before, after) == {
        "pool_atoms": (before.pool_atoms, before.pool_atoms + VICTIM_ATOMS),
        "haircut_atoms": (0, DEFICIT_ATOMS),
        "haircut_open_atoms": (0, DEFICIT_ATOMS),
        "loss_slot": (0, after.updated_slot),
        "loss_short_index": (0, DEFICIT_ATOMS * INDEX_ONE // LOTS),
        "insurance_window_start": (0, scene.world.now),
    }
    assert DEFICIT_ATOMS == 490_000
    assert scene.health(scene.mallory).equity_atoms == mallory - DEFICIT_ATOMS
    assert scene.leg(scene.victim) is None
    assert scene.cash(scene.victim) == 0
    assert scene.held(scene.liquidator) == (LOTS, REWARD_ATOMS - LOTS * 8_900)
    scene.assert_whole()


def test_a_short_is_borne_by_the_longs(scene: PerpScene) -> None:
    scene.victim = scene.user(VICTIM_ATOMS)
    scene.open(scene.victim, -LOTS)
    scene.price(11_100)
    reward = LOTS * 11_100 * 50 // 10_000
    deficit = LOTS * 1_100 + FEE_ATOMS + reward - VICTIM_ATOMS
    assert scene.run(call(scene)) == [
        event(
            scene,
            mark_ticks=11_100,
            reward_atoms=reward,
            shortfall_atoms=deficit,
            haircut_atoms=deficit,
        )
    ]
    perp = scene.perp()
    assert (perp.loss_long_index, perp.loss_short_index) == (deficit * INDEX_ONE // LOTS, 0)
    scene.assert_whole()


@pytest.mark.parametrize(
    ("insurance_atoms", "cap_bps", "paid_atoms"),
    [(10**6, 10_000, 490_000), (400_000, 10_000, 400_000), (600_000, 5_000, 300_000), (10**6, 100, 10_000)],
)
def test_insurance_pays_first_and_no_more_than_its_share(
    scene: PerpScene, insurance_atoms: int, cap_bps: int, paid_atoms: int
) -> None:
    scene.market = scene.world.new_perp("insured", insurance_cap_bps=cap_bps)
    arrange(scene)
    scene.run(scene.insure(scene.alice, insurance_atoms))
    before = scene.perp()
    assert scene.run(call(scene)) == [event(scene, haircut_atoms=DEFICIT_ATOMS - paid_atoms)]
    after = scene.perp()
    assert after.insurance_atoms == insurance_atoms - paid_atoms
    assert (after.insurance_window_atoms, after.insurance_paid_atoms) == (insurance_atoms, paid_atoms)
    assert after.insurance_window_start == scene.world.now
    assert after.pool_atoms == before.pool_atoms + VICTIM_ATOMS + paid_atoms
    assert after.haircut_atoms == DEFICIT_ATOMS - paid_atoms
    scene.assert_whole()


def test_insurance_pays_its_share_once_a_day(scene: PerpScene) -> None:
    scene.market = scene.world.new_perp("insured", insurance_cap_bps=5_000)
    scene.run(scene.insure(scene.alice, 600_000))
    victims = [scene.user(VICTIM_ATOMS) for _ in range(3)]
    for victim in victims:
        scene.open(victim, LOTS)
    paid = []
    for victim, seconds in zip(victims, (1, 86_399, 1), strict=True):
        scene.price(8_900, seconds)
        balance = scene.perp().insurance_atoms
        scene.run(scene.update())
        scene.run(scene.resolve(victim))
        paid.append(balance - scene.perp().insurance_atoms)
        scene.assert_whole()
    assert paid == [300_000, 0, 150_000]


def test_it_is_bankrupt_who_cannot_pay_the_least_reward(scene: PerpScene) -> None:
    """Equity of the least reward is enough to be liquidated, an atom less is not."""
    for more, refused in ((DEFICIT_ATOMS, "AccountSolvent"), (DEFICIT_ATOMS - 1, "")):
        scene.price(PRICE_TICKS)
        scene.victim = scene.user(VICTIM_ATOMS + more)
        scene.open(scene.victim, LOTS)
        scene.price(8_900)
        assert scene.world.refused(scene.liquidator, call(scene)) == refused
    assert scene.perp().haircut_atoms == 1
    scene.assert_whole()


def test_what_is_missing_is_shared_by_lots_to_the_dust(scene: PerpScene) -> None:
    """Of three on the other side each bears as many parts as lots; what is rounded stays in the pool."""
    holders = [scene.user(10**9) for _ in range(3)]
    shares = (3_333, 5_000, 1_667)
    scene.victim = scene.user(VICTIM_ATOMS)
    for holder, lots in zip(holders, shares, strict=True):
        scene.open(scene.victim, lots, against=holder)
    scene.price(8_900)
    before = [scene.health(holder).equity_atoms for holder in holders]
    (landed,) = scene.run(call(scene))
    after = [scene.health(holder).equity_atoms for holder in holders]
    borne = [was - is_now for was, is_now in zip(before, after, strict=True)]
    for atoms, lots in zip(borne, shares, strict=True):
        assert 0 <= atoms - landed.haircut_atoms * lots / LOTS < 1 + 1e-3
    assert landed.haircut_atoms <= sum(borne) <= landed.haircut_atoms + len(holders)
    scene.assert_whole()


def test_a_taker_on_the_other_side_bears_his_part_too(arranged: PerpScene) -> None:
    scene = arranged
    mallory = scene.health(scene.mallory).equity_atoms
    scene.run(scene.resolve(scene.victim, taker=scene.mallory))
    assert scene.perp().open_lots == 0
    lots, quote = scene.held(scene.mallory)
    assert (lots, scene.cash(scene.mallory) + quote) == (0, mallory - DEFICIT_ATOMS + REWARD_ATOMS)
    scene.assert_whole()


def test_seats_bear_their_part_when_they_are_drawn(scene: PerpScene) -> None:
    """Half of the other side is in a seat that nobody has drawn."""
    scene.victim = scene.user(VICTIM_ATOMS)
    scene.rest(scene.mallory, ask(PRICE_TICKS, LOTS // 2))
    scene.placed(scene.victim, bid(PRICE_TICKS, LOTS // 2, kind=FOK))
    scene.run(scene.draw(scene.mallory))
    scene.rest(scene.alice, ask(PRICE_TICKS, LOTS // 2))
    scene.placed(scene.victim, bid(PRICE_TICKS, LOTS // 2, kind=FOK))
    scene.price(8_900)
    scene.run(call(scene))
    scene.assert_whole()
    scene.run(scene.draw(scene.alice))
    scene.run(scene.update())
    seated, seen = scene.held(scene.alice), scene.health(scene.mallory)
    rebate = LOTS // 2 * PRICE_TICKS * 50 // 10**6
    assert seated == (-LOTS // 2, LOTS // 2 * PRICE_TICKS + rebate - DEFICIT_ATOMS // 2)
    assert seen.equity_atoms == 10**10 + LOTS // 2 * 1_100 + rebate - DEFICIT_ATOMS // 2
    scene.assert_whole()


@pytest.mark.parametrize("insured_atoms", [0, DEBT_ATOMS // 2, DEBT_ATOMS])
def test_a_debt_without_a_position_is_borne_by_insurance_alone(scene: PerpScene, insured_atoms: int) -> None:
    """Whoever is in the market has won nothing of it: what insurance cannot pay stays a debt."""
    scene.open(scene.alice, 10_000, against=scene.mallory)
    _leave_a_debt(scene, scene.liquidator)
    if insured_atoms == 0:
        scene.assert_refused("InsuranceInsufficient", call(scene))
        return
    scene.run(scene.fresh(scene.alice), scene.insure(scene.alice, insured_atoms))
    before = scene.perp()
    (landed,) = scene.run(call(scene))
    assert (landed.lots, landed.reward_atoms, landed.shortfall_atoms) == (0, 0, DEBT_ATOMS)
    assert landed.haircut_atoms == 0
    after = scene.perp()
    assert (after.loss_long_index, after.loss_short_index) == (
        before.loss_long_index,
        before.loss_short_index,
    )
    assert after.insurance_atoms == 0
    assert scene.held(scene.victim) == (0, insured_atoms - DEBT_ATOMS)
    scene.assert_whole()


def test_a_debt_is_paid_by_insurance_where_nobody_is_left(arranged: PerpScene) -> None:
    """By what was added in the day too, if that began with less."""
    scene = arranged
    _leave_a_debt_to_nobody(scene)
    scene.run(scene.insure(scene.alice, DEBT_ATOMS))
    (landed,) = scene.run(call(scene))
    assert (landed.shortfall_atoms, landed.haircut_atoms) == (DEBT_ATOMS, 0)
    assert scene.perp().insurance_atoms == 0
    assert scene.leg(scene.victim) is None
    scene.assert_whole()


def test_a_crash_is_borne_whole(scene: PerpScene) -> None:
    """At 3,000 a lot lacks 5,919.5, and whoever is short of it has won 7,000: it bears more than the mark."""
    scene.victim = scene.user(VICTIM_ATOMS)
    scene.open(scene.victim, LOTS)
    for price_ticks in (6_000, 4_000, 3_000):
        scene.stay(price_ticks)
    reward = LOTS * 3_000 * 50 // 10_000
    missing = LOTS * 7_000 + FEE_ATOMS + reward - VICTIM_ATOMS
    (landed,) = scene.run(call(scene))
    assert (landed.shortfall_atoms, landed.haircut_atoms) == (missing, missing)
    assert scene.perp().loss_short_index == missing * INDEX_ONE // LOTS
    assert scene.leg(scene.victim) is None
    scene.assert_whole()


def test_what_a_bankrupt_has_borne_does_not_come_back(scene: PerpScene) -> None:
    """Who was short bears 490,000 and is bankrupt himself: others pay for it, and it is theirs."""
    short = scene.user(VICTIM_ATOMS)
    scene.victim = scene.user(VICTIM_ATOMS)
    scene.open(scene.victim, LOTS, against=short)
    scene.price(8_900)
    scene.run(call(scene))
    assert scene.perp().haircut_open_atoms == DEFICIT_ATOMS
    scene.stay(PRICE_TICKS)
    scene.stay(11_100)
    (landed,) = scene.run(scene.resolve(short, scene.alice))
    assert landed.haircut_atoms > DEFICIT_ATOMS
    assert scene.perp().haircut_open_atoms == landed.haircut_atoms
    scene.assert_whole()


def test_a_part_bears_its_part(arranged: PerpScene) -> None:
    """Two takers of half each: the same is missing in all, to the atoms of two roundings."""
    scene = arranged
    parts = []
    for taker in (scene.liquidator, scene.alice):
        (landed,) = scene.run(scene.resolve(scene.victim, taker, lots_max=LOTS // 2))
        assert landed.lots == LOTS // 2
        parts.append((landed.shortfall_atoms, landed.reward_atoms))
        scene.assert_whole()
    assert scene.leg(scene.victim) is None
    assert sum(reward for _, reward in parts) == REWARD_ATOMS
    assert parts[0][0] == DEFICIT_ATOMS // 2
    assert sum(missing for missing, _ in parts) == DEFICIT_ATOMS


def test_profits_elsewhere_pay_before_anybody_else(scene: PerpScene) -> None:
    """What the other market still owes the bankrupt, 0.2955, stays his debt here, and nobody bears it."""
    scene.victim = scene.user(VICTIM_ATOMS)
    scene.open(scene.victim, 9_000)
    scene.open(scene.victim, -1_000, market=scene.other_market)
    scene.prices(8_750, 9_700)
    assert scene.health(scene.victim).equity_atoms == 5_000
    reward = 393_750
    (landed,) = scene.run(call(scene))
    assert (landed.reward_atoms, landed.shortfall_atoms, landed.haircut_atoms) == (
        reward,
        reward - 5_000,
        reward - 5_000,
    )
    assert (scene.held(scene.victim), scene.cash(scene.victim)) == ((0, -295_500), 0)
    scene.assert_whole()
    scene.prices(8_750, 9_700, 301)
    settled = [
        *scene.run(scene.settle(scene.mallory, scene.other_market)),
        *scene.run(scene.settle(scene.victim, scene.other_market)),
        *scene.run(scene.settle(scene.victim)),
    ]
    assert [row.amount_atoms for row in settled][1:] == [295_500, -295_500]
    assert (scene.leg(scene.victim), scene.cash(scene.victim)) == (None, 0)
    scene.assert_whole()


@pytest.mark.parametrize("bits", [exchange.PERP_PAUSE_OPEN, exchange.PERP_PAUSE_PROFITS])
def test_other_pauses_leave_it_open(arranged: PerpScene, bits: int) -> None:
    arranged.run(arranged.pause(15), arranged.pause_perp(bits))
    assert arranged.run(call(arranged)) == [event(arranged)]


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
