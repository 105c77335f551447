"""The end of a marketplace's perpetuals: every position closed, every loss paid in, every profit paid out.

Whoever owes something brings it, and one account more takes the other side of everybody: the lots cancel
out, so it is left with nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from invariant import demand
from perp_markets import others, readings

from secant import exchange
from world import ask, bid

if TYPE_CHECKING:
    from marketplace import Marketplace
    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

LAST_INDEX = 3
BROUGHT_ATOMS = 3 * 10**11
AVERAGED_S = 301
HOURS_MAX = 2_000


def close_perps(market: Marketplace) -> None:
    """Closes all positions in perpetuals and pays out what they came to."""
    book = market.book
    market.refreshes = True
    for desk_key, desk in list(book.exchanges.found.items()):
        if desk.pause_bits:
            bits = desk.pause_bits
            market.must("unpause", exchange.unpause(admin=desk.admin, exchange=desk_key, pause_bits=bits))
    for key, perp in list(book.perps.found.items()):
        admin = book.exchanges.found[perp.exchange].admin
        if perp.pause_bits:
            bits = perp.pause_bits
            unpause = exchange.unpause_perp(admin=admin, exchange=perp.exchange, market=key, pause_bits=bits)
            market.must("unpause_perp", unpause)
        if any(key in margin.perps for margin in book.margins.found.values()):
            close_positions(market, key)
    pay_losses_and_profits(market)
    for key, perp in list(book.perps.found.items()):
        market.must("update_funding", exchange.update_funding(**places(market, key)))
        if book.perps.found[key].fees_atoms:
            collect = exchange.collect_perp_fees(exchange=perp.exchange, market=key)
            market.must("collect_perp_fees", collect)


def places(market: Marketplace, key: Pubkey) -> dict[str, Pubkey]:
    """The accounts of a market."""
    feed = market.book.perps.found[key].feed
    return {"market": key, "feed": feed, "book": exchange.find_book(event=key, outcome=0)}


def holders(market: Marketplace, key: Pubkey) -> list[Pubkey]:
    return [account for account, margin in market.book.margins.found.items() if key in margin.perps]


def close_positions(market: Marketplace, key: Pubkey) -> None:
    """Orders are cancelled, collateral brought, and everybody trades out at a mark that stays."""
    margins, desk = market.book.margins.found, market.book.perps.found[key].exchange
    for account in holders(market, key):
        cancel = exchange.cancel_all_perp(
            trader=margins[account].owner,
            account=account,
            market=key,
            book=places(market, key)["book"],
            side=None,
        )
        market.must("cancel_all_perp", cancel)
    for account in holders(market, key):
        bring(market, account)
    last = last_account(market, desk)
    calm(market, key)
    while open_ := [each for each in holders(market, key) if lots_of(market, each, key) and each != last]:
        # Against what the last one has already, so that it holds no more than one of them.
        sign = -1 if lots_of(market, last, key) > 0 else 1
        account = next((each for each in open_ if sign * lots_of(market, each, key) > 0), open_[0])
        trade_out(market, key, account, last)
    demand(lots_of(market, last, key) == 0, "everybody's lots cancel out", key)


def lots_of(market: Marketplace, account: Pubkey, key: Pubkey) -> int:
    leg = market.book.margins.found[account].perps.get(key)
    return 0 if leg is None else leg.position_lots


def bring(market: Marketplace, account: Pubkey) -> None:
    """Collateral enough to pay all losses, out of the owner's wallet."""
    margin = market.book.margins.found[account]
    user = market.user_of(margin.owner)
    assert user is not None
    held = market.book.collateral.found[user.wallet].amount
    if not (amount := min(BROUGHT_ATOMS, held // 2)):
        return
    deposit = exchange.deposit(
        depositor=user.key,
        exchange=margin.desk,
        account=account,
        source=user.wallet,
        vault=market.book.exchanges.found[margin.desk].vault,
        amount_atoms=amount,
    )
    market.must("deposit", deposit)


def last_account(market: Marketplace, desk: Pubkey) -> Pubkey:
    """The account that takes everybody's other side."""
    owner = market.users[-1].key
    account = exchange.find_account(exchange=desk, owner=owner, index=LAST_INDEX)
    if account not in market.book.margins.found:
        market.book.watch(market.book.margins, account)
        open_ = exchange.open_account(
            payer=market.relayer, exchange=desk, owner=owner, index=LAST_INDEX, account=account
        )
        market.must("open_account", open_)
    bring(market, account)
    return account


def calm(market: Marketplace, key: Pubkey) -> None:
    """The price stays until its average has come to it."""
    perp = market.book.perps.found[key]
    for _ in range(2):
        market.world.set_time(market.world.now + AVERAGED_S)
        for reading in readings(market, perp.feed, perp.index_ticks, "agree"):
            market.must("publish", reading)
        market.must("update_funding", exchange.update_funding(**places(market, key)))


def trade_out(market: Marketplace, key: Pubkey, account: Pubkey, last: Pubkey) -> None:
    """One position is closed against an order of the last account, which is then taken away."""
    perp, lots = market.book.perps.found[key], lots_of(market, account, key)
    count = min(abs(lots), perp.rules.position_max_lots // 2)
    makes, takes = (bid, ask) if lots > 0 else (ask, bid)
    made = makes(perp.mark_ticks, max(count, perp.rules.lots_min))
    taken = takes(perp.mark_ticks, count, reduce_only=True, kind=exchange.ORDER_FILL_OR_KILL)
    market.must("trade_perp", trade(market, key, last, made))
    market.must("trade_perp", trade(market, key, account, taken))
    cancel = exchange.cancel_all_perp(
        trader=market.book.margins.found[last].owner,
        account=last,
        market=key,
        book=places(market, key)["book"],
        side=None,
    )
    market.must("cancel_all_perp", cancel)


def trade(market: Marketplace, key: Pubkey, account: Pubkey, request: exchange.OrderRequest) -> Instruction:
    return exchange.trade_perp(
        trader=market.book.margins.found[account].owner,
        exchange=market.book.perps.found[key].exchange,
        account=account,
        request=request,
        remaining_accounts=others(market, account, apart=key),
        **places(market, key),
    )


def pay_losses_and_profits(market: Marketplace) -> None:
    """Losses first, then profits, hour after hour where an hour's limit holds them."""
    for _ in range(HOURS_MAX):
        legs = [
            (margin.perps[key].quote_atoms, account, key)
            for account, margin in market.book.margins.found.items()
            for key in margin.perps
        ]
        if not legs:
            return
        for quote, account, key in sorted(legs, key=lambda each: each[0]):
            settle = exchange.settle_pnl(account=account, **places(market, key))
            if quote < 0:
                market.must("settle_pnl", settle)
            else:
                market.attempt("settle_pnl", settle)
        market.world.set_time(market.world.now + exchange.PROFITS_WINDOW_S)
    demand(holds=False, rule="every loss is paid in and every profit paid out")
