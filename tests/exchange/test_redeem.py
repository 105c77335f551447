from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange
from world import ask, bid

from .refusals import Refusal, Substitution, substitutions
from .substitutes import EVENT_WRITABLE, MARGIN_ACCOUNT

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene


def arrange(scene: Scene) -> None:
    scene.run(scene.mint_set(scene.alice, 100), scene.trade(scene.mallory, 0, -40))
    scene.settle(6_000, 4_000)


def call(scene: Scene) -> Instruction:
    return scene.redeem(scene.alice)


SUBSTITUTED = substitutions(
    "redeem",
    {
        "account": MARGIN_ACCOUNT | {"foreign_account": "LegAbsent"},
        "event": EVENT_WRITABLE
        | {
            "other_event": "EventNotSettled",
            "record_event": "EventNotSettled",
            "foreign_event": "EventNotSettled",
        },
    },
)


def _settle_foreign(scene: Scene) -> None:
    scene.run(
        scene.lock(scene.judge.pubkey(), scene.foreign_event),
        scene.resolve(10_000, event=scene.foreign_event),
    )


def _past_the_deadline(scene: Scene) -> None:
    scene.run(scene.mint_set(scene.mallory, 1, scene.other_event))
    scene.world.set_time(scene.world.event(scene.other_event).settlement_deadline + 1)


def _open_book(scene: Scene) -> None:
    """A fill of Alice's in the book of another event, and that event settled."""
    scene.run(scene.place(scene.alice, bid(4_000, 10), scene.other_event))
    scene.run(scene.place(scene.mallory, ask(4_000, 10), scene.other_event))
    scene.run(
        scene.lock(scene.judge.pubkey(), scene.other_event),
        scene.resolve(10_000, event=scene.other_event),
    )


def _open_orders(scene: Scene) -> None:
    scene.run(scene.place(scene.alice, bid(3_000, 10), scene.other_event))
    _open_book(scene)


REFUSED: list[Refusal[Scene]] = [
    Refusal("fills not drawn", "OrdersOpen", lambda s: s.redeem(s.alice, s.other_event), _open_book),
    Refusal(
        "orders open",
        "OrdersOpen",
        lambda s: s.redeem(s.alice, s.other_event),
        _open_orders,
    ),
    Refusal("redeemed already", "LegAbsent", call, lambda s: s.run(call(s))),
    Refusal(
        "settled event of another exchange",
        "LegAbsent",
        lambda s: s.redeem(s.alice, s.foreign_event),
        _settle_foreign,
    ),
    Refusal("twice in one transaction", "LegAbsent", lambda s: (call(s), call(s))),
    Refusal(
        "not settled",
        "EventNotSettled",
        lambda s: s.redeem(s.mallory, s.other_event),
        lambda s: s.run(s.mint_set(s.mallory, 1, s.other_event)),
    ),
    Refusal(
        "past the deadline and not settled",
        "EventNotSettled",
        lambda s: s.redeem(s.mallory, s.other_event),
        _past_the_deadline,
    ),
]


def test_pays_each_outcome_its_ticks(arranged: Scene) -> None:
    scene = arranged
    scene.run(call(scene))
    before = scene.cash(scene.mallory)
    assert scene.run(scene.redeem(scene.mallory)) == [
        exchange.Redeemed(account=scene.mallory.account, event=scene.event, amount_atoms=-40 * 6_000)
    ]
    assert scene.cash(scene.mallory) == before - 40 * 6_000
    margin = scene.world.margin(scene.mallory)
    assert margin.floor_atoms == 0
    assert scene.lots(scene.mallory) is None
    assert not any(lots for leg in margin.event_legs for lots in leg.lots)


@pytest.mark.parametrize("order", ["long short pool", "short pool long", "pool long short"])
@pytest.mark.parametrize("ticks", [(10_000, 0), (0, 10_000), (1, 9_999), (5_000, 5_000)])
def test_the_order_of_redemption_changes_nothing(scene: Scene, order: str, ticks: tuple[int, int]) -> None:
    scene.run(scene.trade(scene.mallory, 0, 777))
    scene.run(scene.mint_set(scene.alice, 100), scene.tokenize(scene.alice, 150, scene.tokens))
    scene.settle(*ticks)
    steps = {
        "long": scene.redeem(scene.mallory),
        "short": scene.redeem(scene.alice),
        "pool": scene.close_pool(scene.alice),
    }
    start = scene.cash(scene.mallory)
    for step in order.split():
        scene.run(steps[step])
    scene.run(scene.redeem_tokens(scene.alice, 150, scene.tokens))
    assert scene.cash(scene.mallory) == start + 777 * ticks[0]
    assert scene.world.event(scene.event).escrow_atoms == 0
    users = (scene.alice, scene.mallory)
    assert scene.vault_surplus(scene.other_pool, events=(scene.event,), users=users) == 0


def test_anyone_redeems_for_anyone_under_every_pause(arranged: Scene) -> None:
    arranged.run(arranged.pause(15))
    arranged.run(call(arranged))  # nobody but the fee payer signs
    assert arranged.lots(arranged.alice) is None


def test_a_short_that_loses_everything_keeps_its_account_solvent(scene: Scene) -> None:
    """The reserve alone pays: nothing else is left in the account."""
    scene.run(scene.trade(scene.mallory, 0, -100))
    scene.run(scene.world.withdraw(scene.mallory, scene.cash(scene.mallory) - 1_000_000))
    scene.settle(10_000)
    scene.run(scene.redeem(scene.mallory))
    assert scene.cash(scene.mallory) == 0
    scene.run(exchange.close_account(owner=scene.mallory.key, account=scene.mallory.account))


def test_negative_cash_comes_back_by_redeeming(scene: Scene) -> None:
    scene.run(scene.mint_set(scene.mallory, 100))
    scene.run(scene.world.withdraw(scene.mallory, scene.cash(scene.mallory) + 1_000_000))
    scene.settle(3_333, 6_667)
    scene.run(scene.redeem(scene.mallory))
    assert scene.cash(scene.mallory) == 0


def test_what_the_books_hold_is_drawn_first_by_anyone(arranged: Scene) -> None:
    scene = arranged
    _open_book(scene)
    cash = scene.cash(scene.alice)
    scene.assert_refused("OrdersOpen", scene.redeem(scene.alice, scene.other_event))
    scene.run(scene.draw_seat(scene.alice, scene.other_event), scene.redeem(scene.alice, scene.other_event))
    rebate = 10 * 4_000 * 6_000 * 175 // 10**8
    assert scene.cash(scene.alice) == cash + 10 * 6_000 + rebate
    assert scene.leg(scene.alice, scene.other_event) is None
    scene.run(scene.redeem(scene.mallory, scene.other_event))
    assert scene.world.event(scene.other_event).escrow_atoms == 0


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
