from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exchange.refusals import UNSIGNED, Refusal, Substitution, substitutions
from secant import exchange
from world import ask, bid

from .scene import FOK, PRICE_TICKS, PerpScene, changed_fields
from .substitutes import EXCHANGE, MARKET

if TYPE_CHECKING:
    from solders.instruction import Instruction

NOTICE_S = 172_800
STRANGERS = ("nobody", "alice", "pauser", "publisher", "foreign_admin")


def arrange(scene: PerpScene) -> None:
    """Nothing: the scene suffices."""


def call(scene: PerpScene, seconds: int = NOTICE_S) -> Instruction:
    return scene.close(scene.world.now + seconds)


SUBSTITUTED = substitutions(
    "close_perp",
    {
        "admin": {"unsigned": UNSIGNED} | dict.fromkeys(STRANGERS, "AdminMismatch"),
        "exchange": EXCHANGE | {"foreign_exchange": "AdminMismatch"},
        "market": MARKET | {"foreign_market": "ExchangeMismatch"},
    },
)

REFUSED: list[Refusal[PerpScene]] = [
    Refusal("a second too soon", "NoticeRunning", lambda s: call(s, NOTICE_S - 1)),
    Refusal("now", "NoticeRunning", lambda s: call(s, 0)),
    Refusal("never", "NoticeRunning", lambda s: s.close(0)),
    Refusal("before all time", "NoticeRunning", lambda s: s.close(-(2**63))),
    Refusal("closing already", "PerpClosed", lambda s: call(s, 2 * NOTICE_S), lambda s: s.run(call(s))),
]


def test_names_when_the_market_ends(scene: PerpScene) -> None:
    before = scene.perp()
    end = scene.world.now + NOTICE_S
    assert scene.run(call(scene)) == [exchange.PerpClosing(market=scene.market, close_time=end)]
    assert changed_fields(before, scene.perp()) == {"close_time": (0, end)}
    scene.assert_whole()


def test_trades_as_before_until_an_hour_before(scene: PerpScene) -> None:
    scene.run(call(scene))
    scene.price(PRICE_TICKS, NOTICE_S - 3_601)
    scene.open(scene.alice, 10)
    scene.rest(scene.mallory, bid(PRICE_TICKS, 20))
    scene.price(PRICE_TICKS, 1)
    scene.assert_refused("PerpClosed", scene.trade(scene.alice, bid(9_000, 1)))
    scene.run(scene.trade(scene.alice, ask(PRICE_TICKS, 4, kind=FOK, reduce_only=True)))
    assert scene.held(scene.alice)[0] == 6
    scene.price(PRICE_TICKS, 3_600)
    reducing = scene.trade(scene.alice, ask(PRICE_TICKS, 1, kind=FOK, reduce_only=True))
    scene.assert_refused("PerpClosed", reducing)
    scene.assert_whole()


def test_from_its_end_on_every_order_is_drawn_out(scene: PerpScene) -> None:
    scene.run(call(scene))
    scene.price(PRICE_TICKS, NOTICE_S - 3_601)
    scene.rest(scene.alice, bid(9_000, 5), ask(11_000, 5))
    scene.price(PRICE_TICKS, 3_600)
    scene.run(scene.draw(scene.alice))
    assert len(scene.resting()) == 2
    scene.price(PRICE_TICKS, 1)
    scene.run(scene.draw(scene.alice))
    assert scene.resting() == []
    assert scene.leg(scene.alice) is None
    scene.assert_whole()


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
