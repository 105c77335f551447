from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from solders.instruction import AccountMeta, Instruction

from secant import exchange
from world import ask, bid

from .refusals import TWICE, Refusal, Substitution, substitutions
from .substitutes import EXCHANGE_WRITABLE, TOKEN_ACCOUNT, TOKEN_PROGRAM

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from .scene import Scene


def arrange(scene: Scene) -> None:
    """Fees in the exchange, from a closed pool, and in an open one."""
    scene.run(scene.trade(scene.mallory, 0, 100))
    scene.run(scene.close_pool(scene.alice))
    scene.run(scene.world.trade(scene.alice, scene.other_event, scene.other_pool, 0, 100))


def call(scene: Scene) -> Instruction:
    return scene.collect_fees()


SUBSTITUTED = substitutions(
    "collect_fees",
    {
        "exchange": EXCHANGE_WRITABLE | {"foreign_exchange": "VaultMismatch"},
        "vault": TOKEN_ACCOUNT
        | dict.fromkeys(("foreign_vault", "mallory_wallet", "foreign_treasury"), "VaultMismatch"),
        "treasury": TOKEN_ACCOUNT
        | dict.fromkeys(("foreign_treasury", "mallory_wallet", "foreign_vault"), "TreasuryMismatch"),
        "token_program": TOKEN_PROGRAM,
    },
)


def _trailing(scene: Scene, *keys: Pubkey, is_writable: bool = True) -> Instruction:
    base = scene.collect_fees()
    metas = [AccountMeta(key, is_signer=False, is_writable=is_writable) for key in keys]
    return Instruction(base.program_id, bytes(base.data), [*base.accounts, *metas])


def _trade_books(scene: Scene) -> int:
    """Fees in the open books of both events, and how much they are."""
    for event in (scene.event, scene.other_event):
        scene.run(scene.place(scene.mallory, ask(5_000, 100), event))
        scene.run(scene.place(scene.alice, bid(5_000, 100), event))
    return 2 * (17_500 - 4_375)


REFUSED: list[Refusal[Scene]] = [
    Refusal(
        "a book of another exchange",
        "ExchangeMismatch",
        lambda s: s.collect_fees((s.foreign_book, s.foreign_event)),
    ),
    Refusal(
        "a foreign book with an event of ours",
        "PoolMismatch",
        lambda s: s.collect_fees((s.foreign_book, s.other_event)),
    ),
    Refusal("the event of another book", "PoolMismatch", lambda s: s.collect_fees((s.other_book, s.event))),
    Refusal("a book without its event", "PoolMismatch", lambda s: _trailing(s, s.book)),
    Refusal("event before book", "PoolMismatch", lambda s: _trailing(s, s.event, s.book)),
    Refusal("a copied book", "PoolMismatch", lambda s: s.collect_fees((s.clone(s.book), s.event))),
    Refusal("a book of no type", "PoolMismatch", lambda s: s.collect_fees((s.other_type(s.book), s.event))),
    Refusal(
        "a read-only book",
        "PoolMismatch",
        lambda s: _trailing(s, s.book, s.event, is_writable=False),
    ),
    Refusal(
        "a closed book",
        "PoolMismatch",
        lambda s: s.collect_fees((s.book, s.event)),
        lambda s: s.run(s.close_book(s.alice)),
    ),
    Refusal(
        "a margin account as a book",
        "PoolMismatch",
        lambda s: s.collect_fees((s.alice.account, s.event)),
    ),
    Refusal(
        "nothing in a book",
        "AmountZero",
        lambda s: s.collect_fees((s.book, s.event)),
        lambda s: s.run(call(s)),
    ),
    Refusal("nothing to collect", "AmountZero", call, lambda s: s.run(call(s))),
    Refusal("a pool without its event", "PoolMismatch", lambda s: _trailing(s, s.other_pool)),
    Refusal("event before pool", "PoolMismatch", lambda s: _trailing(s, s.other_event, s.other_pool)),
    Refusal("the event of another pool", "PoolMismatch", lambda s: s.collect_fees((s.other_pool, s.event))),
    Refusal(
        "a pool of another exchange",
        "ExchangeMismatch",
        lambda s: s.collect_fees((s.foreign_pool, s.foreign_event)),
    ),
    Refusal(
        "a foreign pool with an event of ours",
        "PoolMismatch",
        lambda s: s.collect_fees((s.foreign_pool, s.other_event)),
    ),
    Refusal("a closed pool", "PoolMismatch", lambda s: s.collect_fees((s.pool, s.event))),
    Refusal(
        "a copied pool", "PoolMismatch", lambda s: s.collect_fees((s.clone(s.other_pool), s.other_event))
    ),
    Refusal(
        "a copied event", "PoolMismatch", lambda s: s.collect_fees((s.other_pool, s.clone(s.other_event)))
    ),
    Refusal(
        "a pool of no type",
        "PoolMismatch",
        lambda s: s.collect_fees((s.other_type(s.other_pool), s.other_event)),
    ),
    Refusal(
        "a read-only pool",
        "PoolMismatch",
        lambda s: _trailing(s, s.other_pool, s.other_event, is_writable=False),
    ),
    Refusal("the exchange as a pool", TWICE, lambda s: _trailing(s, s.world.exchange_address, s.other_event)),
    Refusal("an event as its own pool", "PoolMismatch", lambda s: _trailing(s, s.other_event, s.other_event)),
    Refusal("a pool as its own event", "PoolMismatch", lambda s: _trailing(s, s.other_pool, s.other_pool)),
]


def test_pays_the_fees_of_closed_and_open_pools(arranged: Scene) -> None:
    scene = arranged
    in_pool = scene.world.pool(scene.other_pool).fees_atoms
    in_exchange = scene.exchange_state().fees_atoms
    assert in_pool > 0
    assert in_exchange > 0
    vault = scene.world.token_amount(scene.world.vault)
    assert scene.run(scene.collect_fees((scene.other_pool, scene.other_event))) == [
        exchange.FeesCollected(exchange=scene.world.exchange_address, amount_atoms=in_pool + in_exchange)
    ]
    assert scene.world.token_amount(scene.world.treasury) == in_pool + in_exchange
    assert scene.world.token_amount(scene.world.vault) == vault - in_pool - in_exchange
    assert scene.exchange_state().fees_atoms == 0
    assert scene.world.pool(scene.other_pool).fees_atoms == 0


def test_a_pool_passed_twice_pays_once(arranged: Scene) -> None:
    fees = arranged.world.pool(arranged.other_pool).fees_atoms + arranged.exchange_state().fees_atoms
    pair = (arranged.other_pool, arranged.other_event)
    (collected,) = arranged.run(arranged.collect_fees(pair, pair))
    assert collected.amount_atoms == fees


def test_pays_the_fees_of_open_books_beside_those_of_pools(arranged: Scene) -> None:
    scene = arranged
    fees = _trade_books(scene) + scene.exchange_state().fees_atoms
    fees += scene.world.pool(scene.other_pool).fees_atoms
    seats = scene.world.seats(scene.book)
    (collected,) = scene.run(
        scene.collect_fees(
            (scene.book, scene.event),
            (scene.other_pool, scene.other_event),
            (scene.other_book, scene.other_event),
        )
    )
    assert collected.amount_atoms == fees == scene.world.token_amount(scene.world.treasury)
    for book in (scene.book, scene.other_book):
        assert scene.world.book(book).fees_atoms == 0
    assert scene.world.seats(scene.book) == seats


def test_a_book_passed_twice_pays_once(arranged: Scene) -> None:
    scene = arranged
    fees = _trade_books(scene) // 2 + scene.exchange_state().fees_atoms
    pair = (scene.book, scene.event)
    (collected,) = scene.run(scene.collect_fees(pair, pair))
    assert collected.amount_atoms == fees


def test_fees_of_a_closed_book_are_collected_from_the_exchange(scene: Scene) -> None:
    _trade_books(scene)
    scene.run(scene.draw_seat(scene.mallory), scene.close_book(scene.alice))
    (collected,) = scene.run(scene.collect_fees())
    assert collected.amount_atoms == 17_500 - 4_375


def test_the_cash_of_a_pool_stays(arranged: Scene) -> None:
    before = arranged.world.pool(arranged.other_pool)
    arranged.run(arranged.collect_fees((arranged.other_pool, arranged.other_event)))
    after = arranged.world.pool(arranged.other_pool)
    assert (after.cash_atoms, after.sold_lots) == (before.cash_atoms, before.sold_lots)


def test_works_under_every_pause_and_after_settlement(arranged: Scene) -> None:
    scene = arranged
    scene.run(scene.pause(15))
    judge = scene.judge.pubkey()
    scene.run(scene.lock(judge, scene.other_event), scene.resolve(10_000, event=scene.other_event))
    scene.run(scene.collect_fees((scene.other_pool, scene.other_event)))
    scene.run(scene.close_pool(scene.mallory, scene.other_pool, scene.other_event))
    assert scene.exchange_state().fees_atoms == 0


def test_a_refused_pool_leaves_the_others_fees(arranged: Scene) -> None:
    scene = arranged
    pairs = ((scene.other_pool, scene.other_event), (scene.foreign_pool, scene.foreign_event))
    scene.assert_refused("ExchangeMismatch", scene.collect_fees(*pairs))


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
