from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from solders.system_program import TransferParams, transfer

from secant import exchange
from world import ask, bid

from .refusals import TOO_SMALL, UNSIGNED, Refusal, Substitution, substitutions
from .substitutes import MARGIN_ACCOUNT

if TYPE_CHECKING:
    from solders.instruction import Instruction

    from .scene import Scene


def arrange(scene: Scene) -> None:
    """Gives Alice's second account, empty, to close; her first holds cash."""
    scene.run(
        exchange.open_account(
            payer=scene.alice.key, exchange=scene.world.exchange_address, owner=scene.alice.key, index=1
        )
    )


def call(scene: Scene, index: int = 1) -> Instruction:
    account = exchange.find_account(exchange=scene.world.exchange_address, owner=scene.alice.key, index=index)
    return exchange.close_account(owner=scene.alice.key, account=account)


SUBSTITUTED = substitutions(
    "close_account",
    {
        "owner": {"unsigned": UNSIGNED, "read_only": UNSIGNED}
        | dict.fromkeys(("nobody", "mallory", "admin"), "OwnerMismatch"),
        "account": MARGIN_ACCOUNT
        | {
            "alice_account": "AccountNotEmpty",
            "foreign_account": "AccountNotEmpty",
            "mallory_account": "OwnerMismatch",
        },
    },
)


def _empty_cash(scene: Scene) -> None:
    scene.run(scene.world.withdraw(scene.alice, scene.cash(scene.alice)))


def _negative_cash(scene: Scene) -> None:
    scene.run(scene.mint_set(scene.alice, 1))
    scene.run(scene.world.withdraw(scene.alice, scene.cash(scene.alice) + 10_000))


def _sets_against_cash(scene: Scene) -> None:
    """No cash and a position that is worth something."""
    scene.run(scene.mint_set(scene.alice, 10))
    scene.run(scene.world.withdraw(scene.alice, scene.cash(scene.alice)))


def _swept_away(scene: Scene) -> None:
    """No cash and no lots, and an order that has left the book, but not yet the account's reserve."""
    scene.rest(scene.alice, bid(1, 1, expires_at=scene.world.now + 1))
    scene.world.set_time(scene.world.now + 1)
    scene.run(scene.crank_expired())
    scene.run(scene.world.withdraw(scene.alice, scene.free(scene.alice)))


def _an_order_and_no_cash(scene: Scene) -> None:
    """An order that only complete sets back."""
    scene.run(scene.mint_set(scene.alice, 10))
    scene.rest(scene.alice, ask(9_999, 10))
    scene.run(scene.world.withdraw(scene.alice, scene.cash(scene.alice)))


REFUSED: list[Refusal[Scene]] = [
    Refusal("a seat not drawn", "AccountNotEmpty", lambda s: call(s, 0), _swept_away),
    Refusal(
        "an order that sets alone back",
        "AccountNotEmpty",
        lambda s: call(s, 0),
        _an_order_and_no_cash,
    ),
    Refusal("cash", "AccountNotEmpty", lambda s: call(s, 0)),
    Refusal(
        "an atom",
        "AccountNotEmpty",
        lambda s: call(s, 0),
        lambda s: s.run(s.world.withdraw(s.alice, s.cash(s.alice) - 1)),
    ),
    Refusal("a position", "AccountNotEmpty", lambda s: call(s, 0), _sets_against_cash),
    Refusal(
        "negative cash",
        "AccountNotEmpty",
        lambda s: call(s, 0),
        _negative_cash,
    ),
    Refusal("closed already", TOO_SMALL, call, lambda s: s.run(call(s))),
]


def test_returns_the_rent_to_the_owner(arranged: Scene) -> None:
    scene = arranged
    closing = call(scene)
    account = closing.accounts[1].pubkey
    rent = scene.world.svm.get_balance(account) or 0
    owned = scene.world.svm.get_balance(scene.alice.key) or 0
    assert scene.run(closing) == [exchange.AccountClosed(account=account)]
    assert rent > 0
    assert scene.world.svm.get_balance(scene.alice.key) == owned + rent
    assert not scene.world.exists(account)


def test_an_emptied_account_closes_and_opens_again(arranged: Scene) -> None:
    scene = arranged
    scene.run(scene.trade(scene.alice, 0, 10), scene.mint_set(scene.alice, 5))
    scene.settle(10_000)
    scene.run(scene.redeem(scene.alice), scene.close_pool(scene.alice))
    _empty_cash(scene)
    scene.run(call(scene, 0))
    scene.run(
        exchange.open_account(
            payer=scene.mallory.key, exchange=scene.world.exchange_address, owner=scene.alice.key, index=0
        )
    )
    assert scene.cash(scene.alice) == 0


def test_lamports_sent_back_in_the_same_transaction_revive_nothing(arranged: Scene) -> None:
    scene = arranged
    closing = call(scene)
    account = closing.accounts[1].pubkey
    scene.run(
        closing, transfer(TransferParams(from_pubkey=scene.mallory.key, to_pubkey=account, lamports=10**8))
    )
    left = scene.world.svm.get_account(account)
    assert left is not None
    assert (bytes(left.data), left.owner) == (b"", scene.addresses["system_program"])


def test_a_stranger_s_atom_delays_it_by_one_withdrawal(scene: Scene) -> None:
    _empty_cash(scene)
    gift = exchange.deposit(
        depositor=scene.mallory.key,
        exchange=scene.world.exchange_address,
        account=scene.alice.account,
        source=scene.mallory.wallet,
        vault=scene.world.vault,
        amount_atoms=1,
    )
    scene.run(gift)
    scene.assert_refused("AccountNotEmpty", call(scene, 0))
    scene.run(scene.world.withdraw(scene.alice, 1), call(scene, 0))


def test_an_account_that_has_left_every_book_closes(scene: Scene) -> None:
    _swept_away(scene)
    scene.run(scene.draw_seat(scene.alice))
    _empty_cash(scene)
    scene.run(call(scene, 0))
    assert scene.world.book(scene.book).seats_taken == 0


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
