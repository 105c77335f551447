from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from secant import exchange
from world import ask, bid

from .refusals import (
    NOT_EXECUTABLE,
    TOKEN_INSUFFICIENT_FUNDS,
    TOKEN_MINT_MISMATCH,
    TOKEN_OWNER_MISMATCH,
    TOO_SMALL,
    Refusal,
    Substitution,
    substitutions,
)
from .routed import ASK, BID, FOK, SIDES, placed, pool_trade, taking
from .substitutes import BOOK, EVENT_WRITABLE, EXCHANGE, MINT, POOL, SIGNER, TOKEN_ACCOUNT, TOKEN_PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable

    from solders.instruction import Instruction

    from world import User

    from .scene import Scene

HELD_LOTS = 300
# Whether tokens are bought, and of which outcome.
CASES = [(True, 0), (False, 0), (True, 1), (False, 1)]
cases = pytest.mark.parametrize(
    ("buys", "outcome"), CASES, ids=["buy-first", "sell-first", "buy-second", "sell-second"]
)


def arrange(scene: Scene) -> None:
    """Bid, ask and a pool of even odds between them; Alice holds tokens of both outcomes."""
    scene.run(
        scene.tokenize(scene.alice, HELD_LOTS, scene.tokens),
        scene.tokenize(scene.alice, HELD_LOTS, scene.second_tokens, 1),
        scene.tokenize(scene.mallory, HELD_LOTS, scene.mallory_tokens),
    )
    scene.rest(scene.mallory, bid(4_900, 100), ask(5_100, 100))


def call(
    scene: Scene,
    buys: bool = True,  # noqa: FBT001, FBT002
    outcome: int = 0,
    lots: int = 250,
    **changes: Any,
) -> Instruction:
    """At prices that the pool's first 400 lots are within."""
    side = BID if buys == (outcome == 0) else ASK
    named = {
        name: changes.pop(name)
        for name in ("limit_atoms", "tokens", "builder", "builder_fee_bps")
        if name in changes
    }
    pool = changes.pop("pool", scene.pool)
    request = taking(side, changes.pop("price", (5_100, 4_900)[side]), lots, **changes)
    return scene.take_tokens(scene.alice, request, pool, outcome=outcome, **named)


SUBSTITUTED = substitutions(
    "take_tokens",
    {
        "holder": SIGNER | {"nobody": TOKEN_OWNER_MISMATCH, "mallory": TOKEN_OWNER_MISMATCH},
        "exchange": EXCHANGE
        | {
            "foreign_exchange": "ExchangeMismatch",
            "=pool": TOO_SMALL,
        },
        "event": EVENT_WRITABLE | {"other_event": "OutcomeMintMismatch", "foreign_event": "ExchangeMismatch"},
        "book": BOOK | dict.fromkeys(("other_book", "foreign_book"), "BookInvalid"),
        "outcome_mint": MINT
        | dict.fromkeys(("second_outcome_mint", "other_outcome_mint", "mint"), "OutcomeMintMismatch"),
        "tokens": TOKEN_ACCOUNT
        | dict.fromkeys(("second_tokens", "mallory_wallet", "treasury"), TOKEN_MINT_MISMATCH),
        "collateral": TOKEN_ACCOUNT
        | {"mallory_wallet": TOKEN_OWNER_MISMATCH, "treasury": TOKEN_INSUFFICIENT_FUNDS}
        | dict.fromkeys(("foreign_wallet", "second_tokens", "foreign_vault"), "MintMismatch"),
        "vault": TOKEN_ACCOUNT
        | dict.fromkeys(("foreign_vault", "mallory_wallet", "treasury"), "VaultMismatch"),
        "token_program": TOKEN_PROGRAM | {"=pool": NOT_EXECUTABLE},
        "pool": POOL | {"other_pool": "PoolMismatch", "foreign_pool": "PoolMismatch"},
    },
)


def _by(account: str, other: str, **changes: Any) -> Callable[[Scene], Instruction]:
    return lambda scene: scene.substitute(call(scene, **changes), account, other)


def _other_event(scene: Scene) -> Instruction:
    """Event and mint of another event, with this one's book."""
    calling = call(scene, pool=None)
    for account, other in (("event", "other_event"), ("outcome_mint", "other_outcome_mint")):
        calling = scene.substitute(calling, account, other)
    return calling


def _second_of_three(scene: Scene) -> Instruction:
    """The second outcome of more than two by the first one's book."""
    event = scene.world.new_event(scene.mallory, 3, name="three")
    mint = scene.world.new_outcome_mint(scene.mallory, event, 1)
    return exchange.take_tokens(
        holder=scene.alice.key,
        exchange=scene.world.exchange_address,
        event=event,
        book=scene.world.new_book(scene.mallory, event),
        outcome_mint=mint,
        tokens=scene.world.new_token_account(mint, scene.alice.key),
        collateral=scene.alice.wallet,
        vault=scene.world.vault,
        outcome=1,
        request=taking(ASK, 1, 1),
        limit_atoms=10**6,
        builder_fee_bps=0,
    )


def _paused(bits: int) -> Callable[[Scene], object]:
    return lambda scene: scene.run(scene.pause(bits))


def _limited(buys: bool, outcome: int) -> Callable[[Scene], Instruction]:  # noqa: FBT001
    """One atom better than it is."""
    return lambda s: call(s, buys, outcome, limit_atoms=_amount(s, buys, outcome) + (-1 if buys else 1))


def _with(fields: dict[str, Any]) -> Callable[[Scene], Instruction]:
    return lambda scene: call(scene, **fields)


INVALID: dict[str, dict[str, Any]] = {
    "price of nothing": {"price": 0},
    "price of one": {"price": 10_000},
    "one lot too many": {"lots": 500_000_000_001},
    "too many met": {"meets_max": 257},
    "no such self-trade": {"self_trade": 3},
    "an expiry of now": {"expires_at": 1_700_000_000},
    "an order that rests": {"kind": exchange.ORDER_LIMIT},
    "an order that only rests": {"kind": exchange.ORDER_POST_ONLY},
    "to reduce only": {"reduce_only": True},
}
REFUSED: list[Refusal[Scene]] = [
    *[Refusal(title, "OrderInvalid", _with(fields)) for title, fields in INVALID.items()],
    Refusal("no lots", "AmountZero", lambda s: call(s, lots=0)),
    Refusal("no such side", "OrderInvalid", lambda s: s.take_tokens(s.alice, taking(2, 5_000, 1), s.pool)),
    Refusal("no such outcome", "OutcomeUnknown", _by("outcome_mint", "outcome_mint", outcome=2)),
    Refusal("mint of another outcome", "OutcomeMintMismatch", _by("outcome_mint", "outcome_mint", outcome=1)),
    Refusal("book of another event", "BookInvalid", _other_event),
    Refusal("second of three outcomes", "BookOutcomeInvalid", _second_of_three),
    Refusal("at the lock time", "EventNotOpen", call, lambda s: s.world.set_time(s.world.now + 1_000)),
    Refusal(
        "selling at the lock time",
        "EventNotOpen",
        lambda s: call(s, buys=False),
        lambda s: s.world.set_time(s.world.now + 1_000),
    ),
    Refusal("locked early", "EventNotOpen", call, lambda s: s.run(s.lock(s.judge.pubkey()))),
    Refusal("settled", "EventNotOpen", call, lambda s: s.settle(10_000)),
    *[
        Refusal(
            f"bought under {bits}, outcome {outcome}", "Paused", _with({"outcome": outcome}), _paused(bits)
        )
        for outcome in (0, 1)
        for bits in (exchange.PAUSE_TRADE, exchange.PAUSE_TOKENIZE, exchange.PAUSE_DEPOSIT)
    ],
    *[
        Refusal(f"a limit one atom too good, {buys}, {outcome}", "LimitExceeded", _limited(buys, outcome))
        for buys, outcome in CASES
    ],
    Refusal("nothing to pay", "LimitExceeded", lambda s: call(s, limit_atoms=0)),
    Refusal("more than any sale", "LimitExceeded", lambda s: call(s, buys=False, limit_atoms=2**64 - 1)),
    Refusal(
        "something for nothing sold",
        "LimitExceeded",
        lambda s: call(s, buys=False, price=9_000, limit_atoms=1),
    ),
    Refusal("whole or nothing, a lot too many", "OrderNotFilled", lambda s: call(s, lots=501, kind=FOK)),
    Refusal("more than is held", TOKEN_INSUFFICIENT_FUNDS, lambda s: call(s, buys=False, lots=HELD_LOTS + 1)),
    Refusal(
        "more of the second than exist",
        "TokensInsufficient",
        lambda s: call(s, buys=False, outcome=1, lots=HELD_LOTS + 1),
    ),
    Refusal(
        "another's tokens",
        TOKEN_OWNER_MISMATCH,
        lambda s: call(s, buys=False, lots=10, tokens=s.mallory_tokens),
    ),
    Refusal(
        "sold tokens of another outcome",
        TOKEN_MINT_MISMATCH,
        lambda s: call(s, buys=False, lots=10, tokens=s.second_tokens),
    ),
    Refusal("a wallet one atom short", TOKEN_INSUFFICIENT_FUNDS, lambda s: _paid_by(s, _amount(s) - 1)),
]


def _amount(scene: Scene, buys: bool = True, outcome: int = 0, **changes: Any) -> int:  # noqa: FBT001, FBT002
    """What the call pays or brings in all."""
    lots, paid, fee = placed(scene.quoted(call(scene, buys, outcome, **changes)))
    gross = paid if outcome == 0 else lots * 10_000 - paid
    return gross + fee if buys else gross - fee


def _paid_by(scene: Scene, wallet_atoms: int) -> Instruction:
    """The call, paid out of a wallet with so much in it."""
    scene.addresses["purse"] = scene.world.new_token_account(scene.world.mint, scene.alice.key, wallet_atoms)
    return scene.substitute(call(scene), "collateral", "purse")


def _wallets(scene: Scene) -> tuple[int, int, int, int]:
    """Collateral, tokens of both outcomes, and what the vault holds."""
    amount = scene.world.token_amount
    return (
        amount(scene.alice.wallet),
        amount(scene.tokens),
        amount(scene.second_tokens),
        amount(scene.world.vault),
    )


def _assert_whole(scene: Scene, *users: User) -> None:
    """The vault, N of each outcome, and each mint's supply."""
    scene.assert_funded(*users)
    market = scene.world.event(scene.event)
    for mint, lots in zip(
        (scene.outcome_mint, scene.second_outcome_mint), market.tokenized_lots, strict=False
    ):
        supply = int.from_bytes(scene.world.data(mint)[36:44], "little")
        assert supply == lots


@cases
@pytest.mark.parametrize("pooled", [True, False])
def test_tokens_change_hands_for_what_the_order_costs(
    arranged: Scene,
    buys: bool,  # noqa: FBT001
    outcome: int,
    pooled: bool,  # noqa: FBT001
) -> None:
    """As an order of a margin account; the second outcome's price is what the first one's leaves of a set."""
    scene, other = arranged, arranged.new_user(10**9)
    pool = scene.pool if pooled else None
    request = taking(*((BID, 5_100) if buys == (outcome == 0) else (ASK, 4_900)), 250)
    expected = scene.quoted(scene.take(other, request, pool))
    lots, paid, fee = placed(expected)
    gross = paid if outcome == 0 else lots * 10_000 - paid
    amount = gross + fee if buys else gross - fee
    collateral, *tokens, vault = _wallets(scene)
    margin, market = scene.states([scene.alice.account]), scene.world.event(scene.event)
    events = scene.run(call(scene, buys, outcome, pool=pool, limit_atoms=amount))
    traded, meant = pool_trade(events), pool_trade(expected)
    assert (traded is None, meant is None) == (not pooled, not pooled)
    if traded is not None and meant is not None:
        assert traded.account == scene.alice.key
        assert (traded.lots, traded.cost_atoms, traded.fee_atoms) == (
            meant.lots,
            meant.cost_atoms,
            meant.fee_atoms,
        )
    assert events[-1] == expected[-1]
    sign = 1 if buys else -1
    tokens[outcome] += sign * lots
    assert _wallets(scene) == (collateral - sign * amount, *tokens, vault + sign * amount)
    after = scene.world.event(scene.event)
    sets_lots = sign * lots if outcome else 0
    assert after.escrow_atoms == market.escrow_atoms + 10_000 * sets_lots
    assert after.tokenized_lots[outcome] == market.tokenized_lots[outcome] + sign * lots
    assert scene.states([scene.alice.account]) == margin
    _assert_whole(scene, other)


@cases
def test_as_dear_as_step_by_step(arranged: Scene, buys: bool, outcome: int) -> None:  # noqa: FBT001
    """A margin account that mints or merges complete sets itself pays, or gets, the same atoms."""
    scene, user, lots = arranged, arranged.new_user(10**9), 250
    amount = _amount(scene, buys, outcome, lots=lots)
    taking_ = scene.take(
        user, taking(*((BID, 5_100) if buys == (outcome == 0) else (ASK, 4_900)), lots), scene.pool
    )
    if not buys:
        scene.run(scene.mint_set(user, lots))
    before = scene.cash(user)
    if outcome == 0:
        scene.run(taking_)
    elif buys:
        scene.run(scene.mint_set(user, lots), taking_)
    else:
        scene.run(taking_, scene.merge_set(user, lots))
    assert scene.cash(user) == before + (-amount if buys else amount)
    assert scene.lots(user) == ((lots, 0) if buys == (outcome == 0) else (0, lots))
    _assert_whole(scene, user)


@cases
def test_what_is_not_filled_moves_no_token(arranged: Scene, buys: bool, outcome: int) -> None:  # noqa: FBT001
    scene = arranged
    price = 5_000
    before, wallets = scene.states([scene.event, scene.tokens, scene.alice.wallet]), _wallets(scene)
    (changed,) = scene.run(
        call(scene, buys, outcome, price=price, builder=scene.mallory.account, builder_fee_bps=100)
    )
    assert (changed.fills, placed([changed])) == ((), (0, 0, 0))
    assert _wallets(scene) == wallets
    assert scene.states(before) == before
    _assert_whole(scene)


@cases
def test_a_part_is_paid_for_as_a_part(arranged: Scene, buys: bool, outcome: int) -> None:  # noqa: FBT001
    """The book's hundred lots without the pool, then what the pool has beside an empty book."""
    scene = arranged
    for pool, lots in ((None, 100), (scene.pool, 400 if buys else 200)):
        collateral, *tokens, _ = _wallets(scene)
        asked = 10**6 if buys else HELD_LOTS
        if pool is not None:
            asked -= 100
        amount = _amount(scene, buys, outcome, lots=asked, pool=pool)
        filled, _, _ = placed(scene.run(call(scene, buys, outcome, asked, pool=pool)))
        assert filled == lots
        after = _wallets(scene)
        assert after[0] == collateral - (amount if buys else -amount)
        assert after[1 + outcome] == tokens[outcome] + (lots if buys else -lots)
        _assert_whole(scene)


@cases
def test_the_bounds_of_the_limit(arranged: Scene, buys: bool, outcome: int) -> None:  # noqa: FBT001
    scene = arranged
    amount = _amount(scene, buys, outcome)
    scene.assert_refused(
        "LimitExceeded", call(scene, buys, outcome, limit_atoms=amount + (-1 if buys else 1))
    )
    scene.run(call(scene, buys, outcome, limit_atoms=amount))
    scene.run(
        call(
            scene,
            buys,
            outcome,
            1,
            limit_atoms=2**64 - 1 if buys else 0,
            price=9_999 if (outcome == 0) == buys else 1,
        )
    )
    _assert_whole(scene)


@pytest.mark.parametrize("outcome", [0, 1])
def test_sales_are_never_paused(arranged: Scene, outcome: int) -> None:
    scene = arranged
    scene.run(scene.pause(15))
    scene.run(call(scene, False, outcome))
    scene.assert_refused("Paused", call(scene, True, outcome, 1))
    _assert_whole(scene)


@pytest.mark.parametrize("outcome", [0, 1])
def test_other_pauses_do_not_concern_a_purchase(arranged: Scene, outcome: int) -> None:
    arranged.run(arranged.pause(exchange.PAUSE_CREATE))
    arranged.run(call(arranged, True, outcome))


def test_a_sale_may_be_paid_to_anybody_and_a_purchase_delivered(arranged: Scene) -> None:
    scene = arranged
    wallet = scene.world.token_amount(scene.mallory.wallet)
    amount = _amount(scene, buys=False)
    scene.run(scene.substitute(call(scene, buys=False), "collateral", "mallory_wallet"))
    assert scene.world.token_amount(scene.mallory.wallet) == wallet + amount
    scene.run(call(scene, lots=10, tokens=scene.mallory_tokens))
    assert scene.world.token_amount(scene.mallory_tokens) == HELD_LOTS + 10
    _assert_whole(scene)


@pytest.mark.parametrize("side", SIDES)
def test_a_sale_at_the_edge_may_bring_nothing(scene: Scene, side: int) -> None:
    """One lot at one tick less the fee of an atom: the token burns, and no collateral moves."""
    outcome, price = (1, 9_999) if side == BID else (0, 1)
    tokens = scene.second_tokens if outcome else scene.tokens
    scene.run(scene.tokenize(scene.alice, 5, tokens, outcome))
    scene.rest(scene.mallory, (bid, ask)[1 - side](price, 5))
    wallets = _wallets(scene)
    scene.run(call(scene, False, outcome, 1, price=price, pool=None))
    assert _wallets(scene)[0] == wallets[0]
    assert scene.world.token_amount(tokens) == 4
    _assert_whole(scene)


def test_a_holder_meets_own_orders_as_anybody_s(arranged: Scene) -> None:
    """A wallet has no seat: it fills the orders of its margin account, and pays more than these earn."""
    scene = arranged
    wealth = scene.world.token_amount(scene.alice.wallet) + scene.free(scene.alice)
    scene.rest(scene.alice, ask(5_050, 50))
    scene.run(call(scene, lots=50, price=5_050, pool=None))
    scene.run(scene.draw_seat(scene.alice))
    scene.run(scene.detokenize(scene.alice, 50, scene.tokens))
    after = scene.world.token_amount(scene.alice.wallet) + scene.free(scene.alice)
    assert after - wealth == -(
        8_750 - 2_187
    )  # 50 · 5,050 · 4,950 · 7 % / 10,000 rounded up, and a quarter of it
    _assert_whole(scene)


@pytest.mark.parametrize("lots", [1, 7, 240])
@pytest.mark.parametrize("first", [0, 1])
def test_a_set_bought_or_sold_piece_by_piece_never_pays(scene: Scene, lots: int, first: int) -> None:
    """Both outcomes bought cost more than the set, and bring less when sold, whichever comes first."""
    scene.rest(scene.mallory, bid(4_950, 100), ask(5_050, 100))
    wallet = scene.world.token_amount(scene.alice.wallet)
    for outcome in (first, 1 - first):
        scene.run(call(scene, True, outcome, lots, price=(9_999, 1)[outcome], kind=FOK))
    bought = wallet - scene.world.token_amount(scene.alice.wallet)
    for outcome in (first, 1 - first):
        scene.run(call(scene, False, outcome, lots, price=(1, 9_999)[outcome], kind=FOK))
    sold = bought - (wallet - scene.world.token_amount(scene.alice.wallet))
    assert sold < 10_000 * lots < bought
    _assert_whole(scene)


def test_while_trades_are_paused_nobody_sells_short_by_tokens(arranged: Scene) -> None:
    """A short written as tokens and sold for collateral is a new position, like one sold to the book."""
    scene, user = arranged, arranged.new_user(10**9)
    tokens = scene.world.new_token_account(scene.outcome_mint, user.key)
    scene.run(scene.pause(exchange.PAUSE_TRADE))
    scene.assert_refused("Paused", scene.take(user, taking(ASK, 4_900, 100)))
    selling = scene.take_tokens(user, taking(ASK, 4_900, 100), tokens=tokens)
    before = scene.world.token_amount(user.wallet)
    scene.world.send(
        scene.tokenize(user, 100, tokens),
        selling,
        signers=scene.signers_of([selling]),
    )
    assert scene.world.token_amount(user.wallet) == before


def test_tokens_of_one_of_sixteen_outcomes(scene: Scene) -> None:
    world = scene.world
    event = world.new_event(scene.mallory, 16, resolver=scene.judge.pubkey(), name="sixteen")
    pool, book = world.new_pool(scene.mallory, event), world.new_book(scene.mallory, event, 7)
    mint = world.new_outcome_mint(scene.mallory, event, 7)
    tokens = world.new_token_account(mint, scene.alice.key)
    scene.run(world.replace(scene.mallory, event, book, [], [ask(650, 100), bid(610, 100)]))

    def trade(side: int, price: int, lots: int) -> list[Any]:
        return scene.run(
            exchange.take_tokens(
                holder=scene.alice.key,
                exchange=world.exchange_address,
                event=event,
                book=book,
                outcome_mint=mint,
                tokens=tokens,
                collateral=scene.alice.wallet,
                vault=world.vault,
                outcome=7,
                request=taking(side, price, lots),
                limit_atoms=2**64 - 1 if side == BID else 0,
                builder_fee_bps=0,
                pool=pool,
            )
        )

    traded = pool_trade(trade(BID, 700, 600))
    assert traded is not None
    assert 0 < traded.lots < 600
    assert world.token_amount(tokens) == 600
    scene.assert_funded(event=event, pools=[pool])
    trade(ASK, 1, 600)
    assert world.token_amount(tokens) == 0
    scene.assert_funded(event=event, pools=[pool])


def test_trades_until_the_second_before_the_lock_time(arranged: Scene) -> None:
    arranged.world.set_time(arranged.world.event(arranged.event).lock_time - 1)
    arranged.run(call(arranged), call(arranged, buys=False))


@pytest.mark.parametrize("substitution", SUBSTITUTED, ids=str)
def test_another_account_in_place_is_refused(standing: Scene, substitution: Substitution) -> None:
    substitution.check(standing, call(standing))


@pytest.mark.parametrize("refusal", REFUSED, ids=str)
def test_refused(arranged: Scene, refusal: Refusal[Scene]) -> None:
    refusal.check(arranged)
