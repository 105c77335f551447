"""Who takes guard rails away, and how far: by notice, within ranges, and never what leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from secant import exchange
from world import ask, bid

from .scene import FOK, PRICE_TICKS, PerpScene


def test_nobody_but_the_admin_takes_a_guard_rail_away_and_not_at_once(scene: PerpScene) -> None:
    """Drift 2026: limits are loosened by two days' notice, and whoever pauses changes no rule."""
    world = scene.world
    loose = replace(scene.perp().rules, stale_s=3_600)
    proposing = exchange.propose_perp_rules(
        admin=world.admin.pubkey(), exchange=world.exchange_address, market=scene.market, rules=loose
    )
    applying = exchange.apply_perp_rules(market=scene.market)
    scene.assert_refused("NoticeRunning", applying)
    for stranger in ("pauser", "alice", "publisher"):
        scene.assert_refused("AdminMismatch", scene.substitute(proposing, "admin", stranger))
        scene.assert_refused("AdminMismatch", scene.substitute(scene.unpause_perp(1), "admin", stranger))
    scene.run(proposing)
    for _ in range(2):
        scene.assert_refused("NoticeRunning", applying)
        scene.later(86_399)
    scene.later(1)
    scene.assert_refused("NoticeRunning", applying)
    scene.later(1)
    scene.run(applying)
    assert scene.perp().rules == loose
    scene.assert_refused("NoticeRunning", applying)


@pytest.mark.parametrize(
    "loosened",
    [
        {"near_bps": 501},
        {"shock_bps": 9_001},
        {"reward_max_bps": 5_000},
        {"insurance_cap_bps": 0},
        {"profits_max_atoms": 2**64 - 1},
        {"stale_s": 3_601},
        {"units_per_tick": 1},
        {"lots_min": 2},
        {"face_ticks": 20_000},
    ],
    ids=str,
)
def test_no_notice_takes_a_guard_rail_beyond_its_range(scene: PerpScene, loosened: dict[str, int]) -> None:
    """No breaker is disabled by a zero, and what positions are counted in stays."""
    world = scene.world
    proposing = exchange.propose_perp_rules(
        admin=world.admin.pubkey(),
        exchange=world.exchange_address,
        market=scene.market,
        rules=replace(scene.perp().rules, **loosened),
    )
    scene.assert_refused("PerpRulesInvalid", proposing)


def test_each_pause_stops_what_it_says_and_nothing_that_leaves(scene: PerpScene) -> None:
    """Under all pauses an owner reduces, cancels, pays, refreshes and withdraws."""
    world, user = scene.world, scene.alice
    scene.open(user, 1_000)
    (number,) = scene.rest(user, bid(9_000, 1))
    scene.rest(scene.mallory, bid(PRICE_TICKS, 2_000))
    scene.run(scene.pause(15), scene.pause_perp(7))
    for refused, instruction in (
        ("Paused", scene.trade(user, bid(9_000, 1))),
        ("Paused", scene.liquidate(user)),
        ("Paused", scene.resolve(user)),
    ):
        scene.assert_refused(refused, instruction)
    scene.run(scene.cancel(user, number))
    scene.run(scene.trade(user, ask(PRICE_TICKS, 1_000, kind=FOK, reduce_only=True)))
    scene.run(scene.settle(user))
    scene.run(world.withdraw(user, scene.free(user)))
    assert scene.world.margin(user).perps == 0
    scene.assert_whole()
