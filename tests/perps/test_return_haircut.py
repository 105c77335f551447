from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.refusals import Refusal, Substitution, substitutions
from secant import exchange

from .scene import PerpScene, changed_fields
from .substitutes import MARKET

if TYPE_CHECKING:
    from solders.instruction import Instruction

BORNE_ATOMS = 490_000
INSURED_ATOMS = 1_000_000
DAY_S = 86_400
SHARE_ONE = 2**63


def borne(scene: PerpScene, insured_atoms: int = INSURED_ATOMS) -> None:
    """Mallory has borne 490,000 atoms, which is noted; a day later insurance holds something again.

    Ten lots are left open, which 8,900 atoms of it are for.
    """
    scene.haircut()
    scene.run(scene.settle(scene.mallory))
    scene.open(scene.mallory, 9_990, 8_900, against=scene.liquidator)
    scene.run(scene.insure(scene.alice, insured_atoms))
    scene.price(8_900, DAY_S)


def arrange(scene: PerpScene) -> None:
    borne(scene)


def call(scene: PerpScene) -> Instruction:
    return scene.return_haircut()


def _elsewhere(scene: PerpScene, name: str, **rules: int) -> None:
    """Another market, of people who have no other."""
    scene.market = scene.world.new_perp(name, **rules)
    scene.mallory, scene.liquidator = scene.user(), scene.user()


def _capped(scene: PerpScene, insured_atoms: int = INSURED_ATOMS) -> None:
    """Insurance pays a tenth a day, of which a twentieth may be returned."""
    _elsewhere(scene, "capped", insurance_cap_bps=1_000)
    borne(scene, insured_atoms)


def _without_insurance(scene: PerpScene) -> None:
    _elsewhere(scene, "bare")
    scene.haircut()
    scene.run(scene.settle(scene.mallory))
    scene.price(8_900, DAY_S)


SUBSTITUTED = substitutions(
    "return_haircut",
    {"market": MARKET | {"other_market": "NothingToReturn", "foreign_market": "NothingToReturn"}},
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal("returned already", "NothingToReturn", call, lambda s: s.run(call(s))),
    Refusal("no insurance", "NothingToReturn", call, _without_insurance),
    Refusal(
        "all that insurance may pay today",
        "NothingToReturn",
        call,
        lambda s: (_capped(s), s.run(call(s))),
    ),
]


def test_insurance_gives_back_what_was_borne(arranged: PerpScene) -> None:
    scene = arranged
    before, leg = scene.perp(), scene.leg(scene.mallory)
    equity = scene.health(scene.mallory).equity_atoms
    assert leg is not None
    assert (leg.haircut_atoms, before.haircut_open_atoms) == (BORNE_ATOMS, BORNE_ATOMS)
    assert scene.run(call(scene)) == [exchange.HaircutReturned(market=scene.market, amount_atoms=BORNE_ATOMS)]
    changed = changed_fields(before, scene.perp())
    assert changed == {
        "insurance_atoms": (INSURED_ATOMS, INSURED_ATOMS - BORNE_ATOMS),
        "insurance_paid_atoms": (0, BORNE_ATOMS),
        "insurance_window_start": (before.insurance_window_start, scene.world.now),
        "pool_atoms": (before.pool_atoms, before.pool_atoms + BORNE_ATOMS),
        "haircut_open_atoms": (BORNE_ATOMS, 0),
        "recovery_epoch": (0, 1),
    }
    assert before.insurance_window_atoms == INSURED_ATOMS
    scene.assert_whole()
    cash = scene.cash(scene.mallory)
    scene.run(scene.settle(scene.mallory))
    leg = scene.leg(scene.mallory)
    assert leg is not None
    assert leg.haircut_atoms == 0
    assert scene.cash(scene.mallory) + leg.quote_atoms + leg.position_lots * 8_900 == equity + BORNE_ATOMS
    assert scene.cash(scene.mallory) >= cash
    scene.assert_whole()


def test_no_more_than_a_days_share_at_once(scene: PerpScene) -> None:
    _capped(scene)
    returned = []
    for _ in range(4):
        held = scene.perp().insurance_atoms
        (landed,) = scene.run(call(scene))
        assert landed.amount_atoms == -(-held // 20)
        returned.append(landed.amount_atoms)
        scene.assert_whole()
        scene.assert_refused("NothingToReturn", call(scene))
        scene.price(8_900, DAY_S)
    perp = scene.perp()
    left = BORNE_ATOMS - sum(returned)
    assert 0 <= perp.haircut_open_atoms - left <= 4
    assert abs(perp.recovery_share - SHARE_ONE * left // BORNE_ATOMS) <= 2**45
    scene.run(scene.settle(scene.mallory))
    leg = scene.leg(scene.mallory)
    assert leg is not None
    assert 0 <= leg.haircut_atoms - left <= 4
    scene.assert_whole()


def test_all_who_bore_get_the_same_share(scene: PerpScene) -> None:
    """Two of three on the other side bear 3 and 7 of ten lots: each gets back that part, rounded down."""
    _shared(scene)
    for holder in (scene.mallory, scene.liquidator):
        scene.run(scene.settle(holder))
    before = {user.key: scene.health(user).equity_atoms for user in (scene.mallory, scene.liquidator)}
    scene.run(call(scene))
    scene.run(scene.settle(scene.mallory), scene.settle(scene.liquidator))
    after = {user.key: scene.health(user).equity_atoms for user in (scene.mallory, scene.liquidator)}
    gained = [after[user.key] - before[user.key] for user in (scene.mallory, scene.liquidator)]
    assert sum(gained) <= 100_000
    assert abs(gained[0] - 70_000) <= 1
    assert abs(gained[1] - 30_000) <= 1
    scene.assert_whole()


def _shared(scene: PerpScene) -> None:
    """Mallory is short 7,000 lots and the liquidator 3,000; of 9 insurance may give back 0.1.

    8.9 are a tenth of what is open.
    """
    scene.market = scene.world.new_perp("shared", insurance_cap_bps=1_000)
    scene.victim = scene.user(11_000_000)
    scene.open(scene.victim, 7_000)
    scene.open(scene.victim, 3_000, against=scene.liquidator)
    scene.stay(8_900)
    scene.run(scene.resolve(scene.victim, scene.alice))
    scene.run(scene.fresh(scene.alice), scene.insure(scene.alice, 9_000_000))
    scene.price(8_900, DAY_S)


def test_who_hurries_gets_no_more_than_his_share(scene: PerpScene) -> None:
    _shared(scene)
    scene.run(scene.settle(scene.liquidator))
    before = scene.health(scene.liquidator).equity_atoms
    scene.run(call(scene))
    scene.run(scene.settle(scene.liquidator))
    assert scene.health(scene.liquidator).equity_atoms - before <= 30_001


def test_who_notes_late_gets_the_same_share(scene: PerpScene) -> None:
    """What was borne is open from the moment it is borne."""
    _shared(scene)
    assert scene.perp().haircut_open_atoms == BORNE_ATOMS
    before = scene.health(scene.mallory).equity_atoms
    scene.run(call(scene))
    assert scene.perp().haircut_open_atoms - (BORNE_ATOMS - 100_000) in (0, 1)
    scene.run(scene.settle(scene.mallory))
    assert scene.health(scene.mallory).equity_atoms - before in (69_999, 70_000)
    leg = scene.leg(scene.mallory)
    assert leg is not None
    assert abs(leg.haircut_atoms - (BORNE_ATOMS - 100_000) * 7 // 10) <= 1
    scene.assert_whole()


def test_what_open_positions_need_stays(scene: PerpScene) -> None:
    """A tenth of 10,000 lots at 8,900."""
    scene.haircut()
    scene.run(scene.insure(scene.alice, 8_900_000))
    scene.price(8_900, DAY_S)
    scene.assert_refused("NothingToReturn", call(scene))
    scene.run(scene.insure(scene.alice, 1_000))
    (landed,) = scene.run(call(scene))
    assert landed.amount_atoms == 1_000
    assert scene.perp().insurance_atoms == 8_900_000
    scene.assert_whole()


def test_half_of_a_days_allowance_is_left_for_the_next_bankrupt(scene: PerpScene) -> None:
    _capped(scene)
    scene.run(call(scene))
    assert scene.perp().insurance_paid_atoms == INSURED_ATOMS // 20
    victim = scene.user(11_000_000)
    scene.open(victim, 10_000, 8_900, against=scene.alice)
    scene.price(7_700)
    (landed,) = scene.run(scene.resolve(victim))
    assert landed.shortfall_atoms - landed.haircut_atoms == INSURED_ATOMS // 20
    scene.assert_whole()


def test_anyone_returns_under_every_pause(arranged: PerpScene) -> None:
    arranged.run(arranged.pause(15), arranged.pause_perp(7))
    arranged.run(call(arranged))


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
