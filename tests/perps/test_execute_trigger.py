from __future__ import annotations

from dataclasses import replace

import pytest
from solders.instruction import Instruction

from exchange.refusals import (
    NOT_WRITABLE,
    TOO_SMALL,
    WRONG_OWNER,
    WRONG_TYPE,
    Refusal,
    Substitution,
    substitutions,
)
from secant import exchange
from world import ask, bid

from .scene import FOK, PerpScene
from .substitutes import BOOK, EXCHANGE, FEED, MARGIN_ACCOUNT, MARKET

LOTS = 100
STOP = exchange.TriggerTerms(
    lots=LOTS,
    expires_at=0,
    trigger_ticks=9_500,
    trail_ticks=0,
    slip_ticks=50,
    side=exchange.SIDE_ASK,
    is_above=0,
)


def place(scene: PerpScene, **changes: int) -> None:
    scene.run(scene.place_trigger(scene.alice, replace(STOP, **changes)))


def terms(scene: PerpScene) -> exchange.TriggerTerms:
    return exchange.TriggerOrder.decode(scene.world.data(scene.trigger_of(scene.alice))).terms


def arrange(scene: PerpScene) -> None:
    """Alice is long 100 lots with a stop at 9,500, where the price is, and somebody bids 9,490."""
    scene.open(scene.alice, LOTS)
    place(scene)
    scene.run(scene.place_trigger(scene.mallory, replace(STOP, side=exchange.SIDE_BID), 7))
    scene.addresses["mallory_trigger"] = scene.trigger_of(scene.mallory, 7)
    scene.price(9_500)
    scene.rest(scene.mallory, bid(9_490, 1_000))


def call(scene: PerpScene) -> Instruction:
    return scene.execute(scene.alice)


SUBSTITUTED = substitutions(
    "execute_trigger",
    {
        "exchange": EXCHANGE | {"foreign_exchange": "ExchangeMismatch"},
        "account": MARGIN_ACCOUNT
        | {"mallory_account": "AccountMismatch", "foreign_account": "ExchangeMismatch"},
        "market": MARKET | {"other_market": "AccountMismatch", "foreign_market": "AccountMismatch"},
        "feed": FEED,
        "book": BOOK,
        "trigger": {
            "read_only": NOT_WRITABLE,
            "clone": WRONG_OWNER,
            "other_type": WRONG_TYPE,
            "nobody": TOO_SMALL,
            "mallory_trigger": "AccountMismatch",
            "mallory_account": WRONG_TYPE,
            "other_market": WRONG_TYPE,
            "mallory_wallet": TOO_SMALL,
        },
        "payer": {"read_only": NOT_WRITABLE}
        | dict.fromkeys(("nobody", "mallory", "admin", "mallory_account"), "OwnerMismatch"),
    },
)


def _bare(scene: PerpScene) -> Instruction:
    executing = call(scene)
    return Instruction(executing.program_id, bytes(executing.data), executing.accounts[:7])


def _lapse(scene: PerpScene) -> None:
    lapsing = replace(STOP, expires_at=scene.world.now + 10)
    scene.run(scene.place_trigger(scene.alice, lapsing, 1))
    scene.price(9_500, 10)


def _by_mallory(scene: PerpScene) -> Instruction:
    return scene.substitute(call(scene), "payer", "mallory")


def _place_as_mallory(scene: PerpScene) -> None:
    """Alice's delegate places her stop."""
    scene.run(scene.cancel_trigger(scene.alice), scene.delegate(scene.alice, scene.mallory.key))
    scene.run(scene.substitute(scene.place_trigger(scene.alice, STOP), "trader", "mallory"))


def _dismiss(scene: PerpScene) -> None:
    _place_as_mallory(scene)
    scene.run(scene.delegate(scene.alice, scene.liquidator.key))


def _close(scene: PerpScene) -> None:
    scene.run(scene.close(scene.world.now + 172_800))
    scene.price(9_500, 172_800)


REFUSED: list[Refusal[PerpScene]] = [
    Refusal("a tick above the stop", "TriggerNotReached", call, lambda s: s.price(9_501)),
    Refusal("done already", TOO_SMALL, call, lambda s: s.run(call(s))),
    Refusal("nobody to trade with", "OrderNotFilled", call, lambda s: s.run(s.cancel_all(s.mallory))),
    Refusal(
        "nobody within the slip",
        "OrderNotFilled",
        call,
        lambda s: (s.run(s.cancel_all(s.mallory)), s.rest(s.mallory, bid(9_449, 1_000))),
    ),
    Refusal("a price long stale", "PriceUnfit", call, lambda s: s.later(361)),
    Refusal(
        "the position closed before",
        "TriggerVoid",
        call,
        lambda s: s.run(s.trade(s.alice, ask(9_490, LOTS, kind=FOK))),
    ),
    Refusal(
        "turned round since",
        "TriggerVoid",
        call,
        lambda s: s.run(s.trade(s.alice, ask(9_490, 2 * LOTS, kind=FOK))),
    ),
    Refusal(
        "without the market of another leg",
        "PerpMarketMissing",
        _bare,
        lambda s: (s.prices(9_500), s.rest(s.alice, bid(9_000, 1), market=s.other_market)),
    ),
    Refusal("placed by a delegate who is none any more", "OwnerMismatch", _by_mallory, _dismiss),
    Refusal("lapsed", "TriggerNotReached", lambda s: s.execute(s.alice, 1), _lapse),
    Refusal("closed", "PerpClosed", call, _close),
]


def test_sells_and_is_gone(arranged: PerpScene) -> None:
    """Anybody lands it: nobody but the fee payer signs. The rent goes back to who paid it."""
    scene = arranged
    trigger = scene.trigger_of(scene.alice)
    lamports = scene.world.svm.get_balance(scene.alice.key)
    rent = scene.world.svm.get_balance(trigger)
    assert not any(meta.is_signer for meta in call(scene).accounts)
    events = scene.run(call(scene))
    (changed,) = [event for event in events if isinstance(event, exchange.BookChanged)]
    assert [(row.order_id >> 40, row.lots) for row in changed.fills] == [(9_490, LOTS)]
    assert exchange.TriggerClosed(trigger=trigger, filled_lots=LOTS) in events
    assert not scene.world.exists(trigger)
    assert scene.world.svm.get_balance(scene.alice.key) == lamports + rent
    fee = -(-LOTS * 9_490 * 450 // 10**6)
    assert scene.held(scene.alice) == (0, -LOTS * 510 - 450 - fee)
    scene.assert_whole()


def test_a_delegates_order_stands_as_long_as_he_does(arranged: PerpScene) -> None:
    scene = arranged
    _place_as_mallory(scene)
    scene.run(_by_mallory(scene))
    assert scene.held(scene.alice)[0] == 0
    scene.assert_whole()


def test_a_part_stays_until_there_is_more(arranged: PerpScene) -> None:
    scene = arranged
    scene.run(scene.cancel_all(scene.mallory))
    scene.rest(scene.mallory, bid(9_450, 30))
    scene.run(call(scene))
    assert (scene.held(scene.alice)[0], terms(scene)) == (70, replace(STOP, lots=70))
    scene.rest(scene.mallory, bid(9_450, 70))
    scene.run(call(scene))
    assert scene.held(scene.alice)[0] == 0
    assert not scene.world.exists(scene.trigger_of(scene.alice))
    scene.assert_whole()


def test_no_more_than_the_position_is_sold(arranged: PerpScene) -> None:
    scene = arranged
    scene.run(scene.trade(scene.alice, ask(9_490, 60, kind=FOK)))
    scene.run(call(scene))
    assert scene.held(scene.alice)[0] == 0
    assert not scene.world.exists(scene.trigger_of(scene.alice))
    scene.assert_whole()


@pytest.mark.parametrize("mark_ticks", [9_500, 9_400, 9_000])
def test_nothing_is_sold_further_below_the_mark_than_the_slip(scene: PerpScene, mark_ticks: int) -> None:
    """Who lands the order cannot have it trade where he likes."""
    scene.open(scene.alice, LOTS)
    place(scene)
    scene.price(mark_ticks)
    scene.rest(scene.mallory, bid(mark_ticks - 51, LOTS))
    scene.assert_refused("OrderNotFilled", call(scene))
    scene.rest(scene.mallory, bid(mark_ticks - 50, LOTS))
    scene.run(call(scene))
    assert scene.held(scene.alice)[0] == 0
    scene.assert_whole()


@pytest.mark.parametrize(
    ("lots", "changes", "reached", "short_of"),
    [
        (LOTS, {"trigger_ticks": 10_500, "is_above": 1}, 10_500, 10_499),
        (-LOTS, {"trigger_ticks": 10_500, "is_above": 1, "side": 0}, 10_500, 10_499),
        (-LOTS, {"trigger_ticks": 9_500, "is_above": 0, "side": 0}, 9_500, 9_501),
    ],
    ids=["target of a long", "stop of a short", "target of a short"],
)
def test_each_kind_at_its_price(
    scene: PerpScene, lots: int, changes: dict[str, int], reached: int, short_of: int
) -> None:
    scene.open(scene.alice, lots)
    place(scene, **changes)
    scene.price(short_of)
    scene.assert_refused("TriggerNotReached", call(scene))
    scene.price(reached)
    makes = bid if lots > 0 else ask
    scene.rest(scene.mallory, makes(reached, LOTS))
    scene.run(call(scene))
    assert scene.held(scene.alice)[0] == 0
    scene.assert_whole()


def test_a_trailing_stop_follows_the_mark_up_and_never_down(scene: PerpScene) -> None:
    scene.open(scene.alice, LOTS)
    place(scene, trail_ticks=300)
    trigger = scene.trigger_of(scene.alice)
    for mark_ticks, stop_ticks in ((10_400, 10_100), (10_600, 10_300)):
        scene.price(mark_ticks)
        assert scene.run(call(scene)) == [exchange.TriggerMoved(trigger=trigger, trigger_ticks=stop_ticks)]
        assert terms(scene) == replace(STOP, trail_ticks=300, trigger_ticks=stop_ticks)
    scene.price(10_500)
    scene.assert_refused("TriggerNotReached", call(scene))
    scene.price(10_300)
    scene.rest(scene.mallory, bid(10_300, LOTS))
    scene.run(call(scene))
    assert scene.held(scene.alice)[0] == 0
    scene.assert_whole()


def test_a_thin_book_triggers_nothing(scene: PerpScene) -> None:
    """Who is alone in the book moves no mark at once, and so no stop."""
    scene.open(scene.alice, LOTS)
    place(scene)
    scene.rest(scene.mallory, bid(9_499, 10))
    scene.placed(scene.liquidator, ask(9_499, 1))
    scene.rest(scene.liquidator, ask(9_501, 10))
    scene.assert_refused("TriggerNotReached", call(scene))


def test_under_every_pause(arranged: PerpScene) -> None:
    """What reduces is never paused."""
    arranged.run(arranged.pause(15), arranged.pause_perp(7))
    arranged.run(call(arranged))
    assert arranged.held(arranged.alice)[0] == 0


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: PerpScene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: PerpScene, refusal: Refusal[PerpScene]) -> None:
    refusal.check(arranged)
