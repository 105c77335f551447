from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from secant import exchange

from .refusals import NOT_WRITABLE, Refusal, Substitution, substitutions
from .substitutes import EVENT_WRITABLE, EXCHANGE_WRITABLE, MARGIN_ACCOUNT, POOL

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene


def arrange(scene: Scene) -> None:
    """A pool that has sold, and its event settled: anyone may close it."""
    scene.run(scene.trade(scene.mallory, 0, 100))
    scene.settle(6_000, 4_000)


def call(scene: Scene) -> Instruction:
    """Closes Alice's pool without her signature."""
    return exchange.close_pool(
        creator=scene.alice.key,
        exchange=scene.world.exchange_address,
        account=scene.alice.account,
        event=scene.event,
        pool=scene.pool,
    )


SUBSTITUTED = substitutions(
    "close_pool",
    {
        "creator": {"read_only": NOT_WRITABLE}
        | dict.fromkeys(("clone", "nobody", "mallory", "admin", "mallory_account"), "CreatorMismatch"),
        "exchange": EXCHANGE_WRITABLE | {"foreign_exchange": "ExchangeMismatch"},
        "account": MARGIN_ACCOUNT
        | {"mallory_account": "AccountMismatch", "foreign_account": "ExchangeMismatch"},
        "event": EVENT_WRITABLE | {"other_event": "PoolMismatch", "foreign_event": "PoolMismatch"},
        "pool": POOL | {"other_pool": "CreatorMismatch", "foreign_pool": "AccountMismatch"},
    },
)


def _foreign_market(scene: Scene) -> Instruction:
    """A settled market of the foreign exchange, paid out on this one."""
    closing = scene.substitute(call(scene), "event", "foreign_event")
    return scene.substitute(closing, "pool", "foreign_pool")


def _unsettled(scene: Scene) -> Instruction:
    """Another's pool of an open event, without its creator's signature."""
    return exchange.close_pool(
        creator=scene.mallory.key,
        exchange=scene.world.exchange_address,
        account=scene.mallory.account,
        event=scene.other_event,
        pool=scene.other_pool,
    )


def _fill_legs(scene: Scene) -> None:
    scene.run(scene.world.trade(scene.alice, scene.other_event, scene.other_pool, 0, 10))
    for number in range(7):
        event = scene.world.new_event(scene.mallory, name=f"leg {number}")
        scene.run(scene.mint_set(scene.mallory, 1, event))


REFUSED: list[Refusal[Scene]] = [
    Refusal("a market of another exchange", "AccountMismatch", _foreign_market),
    Refusal("unsigned before settlement", "CreatorMismatch", _unsettled),
    Refusal(
        "unsigned after the lock",
        "CreatorMismatch",
        _unsettled,
        lambda s: s.run(s.lock(s.judge.pubkey(), s.other_event)),
    ),
    Refusal(
        "no room for its position",
        "LegsFull",
        lambda s: s.close_pool(s.mallory, s.other_pool, s.other_event),
        _fill_legs,
    ),
    Refusal("closed already", "account data too small for instruction", call, lambda s: s.run(call(s))),
]


def test_pays_the_winners_and_returns_the_rest(arranged: Scene) -> None:
    scene = arranged
    pool, cash = scene.world.pool(scene.pool), scene.cash(scene.alice)
    lamports = scene.world.svm.get_balance(scene.alice.key) or 0
    rent = scene.world.svm.get_balance(scene.pool) or 0
    returned = pool.cash_atoms - 100 * 6_000
    assert scene.run(call(scene)) == [exchange.PoolClosed(pool=scene.pool, returned_atoms=returned)]
    assert scene.cash(scene.alice) == cash + returned
    assert scene.exchange_state().fees_atoms == pool.fees_atoms == 17_500
    assert scene.world.event(scene.event).escrow_atoms == 600_000
    assert scene.world.svm.get_balance(scene.alice.key) == lamports + rent
    assert not scene.world.exists(scene.pool)
    scene.run(scene.redeem(scene.mallory))
    assert scene.world.event(scene.event).escrow_atoms == 0


def test_its_creator_takes_over_the_position_before_settlement(scene: Scene) -> None:
    scene.run(scene.trade(scene.mallory, 0, 100), scene.trade(scene.mallory, 1, -30))
    pool, cash = scene.world.pool(scene.pool), scene.cash(scene.alice)
    assert scene.run(scene.close_pool(scene.alice)) == [
        exchange.PoolClosed(pool=scene.pool, returned_atoms=pool.cash_atoms)
    ]
    assert scene.cash(scene.alice) == cash + pool.cash_atoms
    assert scene.lots(scene.alice) == (-100, 30)
    assert scene.world.margin(scene.alice).floor_atoms == -1_000_000
    assert scene.world.event(scene.event).escrow_atoms == 0


def test_an_untraded_pool_opens_no_leg(scene: Scene) -> None:
    scene.run(scene.close_pool(scene.alice))
    assert scene.lots(scene.alice) is None
    assert scene.world.margin(scene.alice).floor_atoms == 0


def test_a_full_account_takes_over_an_untraded_pool(scene: Scene) -> None:
    for number in range(8):
        event = scene.world.new_event(scene.mallory, name=f"leg {number}")
        scene.run(scene.mint_set(scene.alice, 1, event))
    scene.run(scene.close_pool(scene.alice))


def test_a_full_account_closes_after_settlement(arranged: Scene) -> None:
    for number in range(8):
        event = arranged.world.new_event(arranged.mallory, name=f"leg {number}")
        arranged.run(arranged.mint_set(arranged.alice, 1, event))
    arranged.run(call(arranged))


def test_works_under_every_pause_and_past_the_deadline(scene: Scene) -> None:
    scene.run(scene.trade(scene.mallory, 0, 100))
    scene.run(scene.pause(15))
    scene.world.set_time(scene.world.event(scene.event).settlement_deadline + 1)
    scene.run(scene.close_pool(scene.alice))


def test_a_creator_without_an_account_gets_one_from_anyone(scene: Scene) -> None:
    """No path without exit: whoever closes the pool opens its creator's account again."""
    scene.run(scene.world.withdraw(scene.alice, scene.cash(scene.alice)))
    scene.run(exchange.close_account(owner=scene.alice.key, account=scene.alice.account))
    scene.settle(10_000)
    opening = exchange.open_account(
        payer=scene.mallory.key, exchange=scene.world.exchange_address, owner=scene.alice.key, index=0
    )
    pool = scene.world.pool(scene.pool)
    scene.run(opening, call(scene))
    assert scene.cash(scene.alice) == pool.cash_atoms


def test_the_creator_s_own_trades_against_the_pool_cancel(scene: Scene) -> None:
    scene.run(scene.trade(scene.alice, 0, 100))
    scene.run(scene.close_pool(scene.alice))
    assert scene.lots(scene.alice) is None
    assert scene.world.margin(scene.alice).floor_atoms == 0


def test_a_pool_of_the_creator_opens_again(scene: Scene) -> None:
    scene.run(scene.close_pool(scene.alice))
    assert scene.world.new_pool(scene.alice, scene.event) == scene.pool


@pytest.mark.parametrize("ticks", [(10_000, 0), (0, 10_000), (5_000, 5_000)])
def test_every_pool_of_an_event_closes(scene: Scene, ticks: tuple[int, int]) -> None:
    """Two pools on opposite sides and a holder: whatever is paid, nothing is left over and nothing lacks."""
    second = scene.world.new_pool(scene.mallory, scene.event, exchange.POOL_PM_AMM, 2_000)
    scene.run(scene.trade(scene.mallory, 0, 1_000))
    scene.run(scene.world.trade(scene.mallory, scene.event, second, 0, -1_500))
    scene.settle(*ticks)
    scene.run(call(scene), scene.close_pool(scene.mallory, second), scene.redeem(scene.mallory))
    assert scene.world.event(scene.event).escrow_atoms == 0
    users = (scene.alice, scene.mallory)
    assert scene.vault_surplus(scene.other_pool, events=(scene.event,), users=users) == 0


def test_the_creator_signs_as_such(scene: Scene) -> None:
    closing = scene.close_pool(scene.alice)
    scene.assert_refused("CreatorMismatch", scene.substitute(closing, "creator", "unsigned"))
    scene.assert_refused("CreatorMismatch", scene.substitute(closing, "creator", "mallory"))


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
