"""The end of a marketplace: everything settled and paid, every account closed, the vault empty.

All of it happens under a full pause and without the help of any pool's creator, because neither may keep
anybody's money in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from account_book import outcome_mint
from invariant import demand
from marketplace import SECOND
from perp_end import close_perps

from secant import exchange, oracle

if TYPE_CHECKING:
    from marketplace import Marketplace
    from solders.pubkey import Pubkey

PAUSE_ALL = exchange.PAUSE_DEPOSIT | exchange.PAUSE_CREATE | exchange.PAUSE_TRADE | exchange.PAUSE_TOKENIZE
PAYOUT_TICKS = 10_000


def wind_down(market: Marketplace) -> None:
    """Settles and empties everything, and checks that nothing is left."""
    for key, desk in list(market.book.exchanges.found.items()):
        market.must("pause", exchange.pause(pauser=desk.admin, exchange=key, pause_bits=PAUSE_ALL))
    resolve_half(market)
    settle_by_records(market)
    void_the_rest(market)
    for place, event in enumerate(list(market.book.events.found)):
        steps = (close_pools, redeem_tokens, leave_books_and_redeem)
        for step in steps[place % 3 :] + steps[: place % 3]:
            step(market, event)
    close_perps(market)
    collect(market)
    empty_accounts(market)
    check_nothing_left(market)


def resolve_half(market: Marketplace) -> None:
    """Every second event of an authority that can still be resolved pays three outcomes unevenly."""
    for place, (key, event) in enumerate(list(market.book.events.found.items())):
        if event.resolver_kind != exchange.RESOLVER_AUTHORITY or event.settled_time or place % 2:
            continue
        if market.world.now > event.settlement_deadline or event.resolver not in market.keys:
            continue
        market.world.set_time(max(market.world.now, event.lock_time))
        payout = [0] * 16
        payout[0] = 3_333
        payout[1] = 1
        payout[event.outcomes - 1] += PAYOUT_TICKS - 3_334
        market.must(
            "resolve_event",
            exchange.resolve_event(authority=event.resolver, event=key, payout_ticks=payout),
        )


def settle_by_records(market: Marketplace) -> None:
    """Every record is cranked once its window is over; a decided one settles its events."""
    book, world = market.book, market.world
    for key, record in list(book.records.found.items()):
        feed = book.feeds.found.get(record.feed)
        if record.status == oracle.RECORD_OPEN and feed is not None:
            world.set_time(max(world.now, record.terms.end + feed.staleness_s + 1))
            market.must("observe", oracle.observe(feed=record.feed, record=key))
            decided = book.records.found[key].status != oracle.RECORD_OPEN
            demand(decided, "a record is decided once its window is over", key)
    for key, event in list(book.events.found.items()):
        if event.resolver_kind != exchange.RESOLVER_RECORD or event.settled_time:
            continue
        if book.records.found[event.resolver].status != oracle.RECORD_OPEN:
            market.must("settle_event", exchange.settle_event(event=key, record=event.resolver))


def void_the_rest(market: Marketplace) -> None:
    for key, event in list(market.book.events.found.items()):
        if not event.settled_time:
            market.world.set_time(max(market.world.now, event.settlement_deadline + 1))
            market.must("void_event", exchange.void_event(event=key, resolver=event.resolver))


def close_pools(market: Marketplace, event: Pubkey) -> None:
    for key, pool in list(market.book.pools.found.items()):
        if pool.event == event:
            desk = market.book.events.found[event].exchange
            market.must(
                "close_pool",
                exchange.close_pool(
                    creator=pool.creator,
                    exchange=desk,
                    account=funding_account(market, desk, pool),
                    event=event,
                    pool=key,
                ),
            )


def funding_account(market: Marketplace, desk: Pubkey, pool: exchange.Pool) -> Pubkey:
    """The margin account that a pool returns to, opened again if its owner has closed it."""
    if pool.account not in market.book.margins.found:
        indices = [
            index
            for index in range(SECOND + 1)
            if exchange.find_account(exchange=desk, owner=pool.creator, index=index) == pool.account
        ]
        demand(len(indices) == 1, "a pool's account is its creator's", pool)
        market.must(
            "open_account",
            exchange.open_account(
                payer=market.relayer,
                exchange=desk,
                owner=pool.creator,
                index=indices[0],
                account=pool.account,
            ),
        )
    return pool.account


def redeem_tokens(market: Marketplace, event: Pubkey) -> None:
    state = market.book.events.found[event]
    desk = market.book.exchanges.found[state.exchange]
    for outcome in range(state.outcomes):
        mint = outcome_mint(bytes(event), outcome)
        for source, tokens in list(market.book.outcome_tokens.found.items()):
            if tokens.mint == mint and tokens.amount > 0:
                user = market.user_of(tokens.owner)
                assert user is not None
                market.must(
                    "redeem_tokens",
                    exchange.redeem_tokens(
                        holder=user.key,
                        exchange=state.exchange,
                        event=event,
                        outcome_mint=mint,
                        source=source,
                        vault=desk.vault,
                        destination=user.wallet,
                        outcome=outcome,
                        lots=tokens.amount,
                    ),
                )


def leave_books_and_redeem(market: Marketplace, event: Pubkey) -> None:
    """Sweeps the event's books, or leaves that to the draws; draws, closes and redeems without any key."""
    book = market.book
    for key, state in list(book.order_books.found.items()):
        if state.head.event != event:
            continue
        while state.head.outcome % 2 == 0 and book.order_books.found[key].orders:
            market.must("crank_expired", exchange.crank_expired(event=event, book=key))
        while seats := book.order_books.found[key].seats:
            account = next(iter(seats.values())).account
            market.must("draw_seat", exchange.draw_seat(account=account, event=event, book=key))
        market.must(
            "close_book",
            exchange.close_book(
                creator=state.head.creator, exchange=state.head.exchange, event=event, book=key
            ),
        )
    redeem_legs(market, event)


def redeem_legs(market: Marketplace, event: Pubkey) -> None:
    for key, margin in list(market.book.margins.found.items()):
        if event in margin.legs:
            market.must("redeem", exchange.redeem(account=key, event=event))


def collect(market: Marketplace) -> None:
    for key, desk in list(market.book.exchanges.found.items()):
        if desk.fees_atoms:
            market.must(
                "collect_fees",
                exchange.collect_fees(exchange=key, vault=desk.vault, treasury=desk.treasury),
            )


def empty_accounts(market: Marketplace) -> None:
    for key, margin in list(market.book.margins.found.items()):
        desk = market.book.exchanges.found[margin.desk]
        user = market.user_of(margin.owner)
        assert user is not None
        if margin.cash_atoms:
            market.must(
                "withdraw",
                exchange.withdraw(
                    owner=user.key,
                    exchange=margin.desk,
                    account=key,
                    vault=desk.vault,
                    destination=user.wallet,
                    amount_atoms=margin.cash_atoms,
                ),
            )
        market.must("close_account", exchange.close_account(owner=user.key, account=key))


def check_nothing_left(market: Marketplace) -> None:
    book = market.book
    left = (book.margins.found, book.pools.found, book.order_books.found)
    demand(not any(left), "every account, every pool and every book is closed", left)
    for key, event in book.events.found.items():
        demand(event.escrow_atoms == 0, "a paid event holds nothing", key, event.escrow_atoms)
    for key, supply in book.supplies.found.items():
        demand(supply.lots == 0, "a paid event's tokens are burned", key, supply)
    for desk in book.exchanges.found.values():
        vault = book.collateral.found[desk.vault]
        perps = [perp for perp in book.perps.found.values() if book.exchanges.found[perp.exchange] == desk]
        insured = sum(perp.insurance_atoms + perp.pool_atoms for perp in perps)  # given for good, and dust
        left_atoms = vault.amount - book.gifts_atoms[desk.vault] - insured
        demand(left_atoms == 0 and desk.fees_atoms == 0, "an empty exchange's vault is empty", vault)
    for key, state in book.perp_books.found.items():
        demand(not state.orders and not state.seats, "nobody is left at a perpetual's book", key, state)
    for key, perp in book.perps.found.items():
        dues = perp.fees_due_atoms + perp.insurance_due_atoms + perp.fees_atoms
        demand(dues == 0 and perp.open_lots == 0, "a perpetual owes nothing any more", key, perp)
