"""The end of a marketplace's perpetuals: every market closed and settled, losers first, then winners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invariant import demand
from perp_markets import others, places, update

from secant import exchange

if TYPE_CHECKING:
    from marketplace import Marketplace
    from solders.pubkey import Pubkey


def close_perps(market: Marketplace) -> None:
    """Closes all perpetuals and pays out what positions came to; what somebody lacks is brought."""
    book = market.book
    market.refreshes = True
    for key, desk in list(book.exchanges.found.items()):
        if desk.pause_bits:
            bits = desk.pause_bits
            market.must("unpause", exchange.unpause(admin=desk.admin, exchange=key, pause_bits=bits))
    for key in list(book.perps.found):
        close(market, key)
    for key in list(book.perps.found):
        settle(market, key)
    for key in list(book.perps.found):
        pay_losses(market, key)
    ends = [perp.settled_time + exchange.LOSSES_FIRST_S for perp in book.perps.found.values()]
    market.world.set_time(max(market.world.now, *ends))
    for key in list(book.perps.found):
        pay_profits(market, key)


def close(market: Marketplace, key: Pubkey) -> None:
    """Gives notice of the market's end, and takes its pauses away."""
    perp = market.book.perps.found[key]
    admin = market.book.exchanges.found[perp.exchange].admin
    if perp.pause_bits:
        bits, desk = perp.pause_bits, perp.exchange
        unpause = exchange.unpause_perp(admin=admin, exchange=desk, market=key, pause_bits=bits)
        market.must("unpause_perp", unpause)
    if not perp.close_time:
        close_time = market.world.now + exchange.NOTICE_S
        close_ = exchange.close_perp(admin=admin, exchange=perp.exchange, market=key, close_time=close_time)
        market.must("close_perp", close_)


def settle(market: Marketplace, key: Pubkey) -> None:
    """Waits for the market's end; anybody settles it, and draws what is left at its book."""
    perp = market.book.perps.found[key]
    market.world.set_time(max(market.world.now, perp.close_time))
    if not perp.settlement_ticks:
        market.must("settle_perp", exchange.settle_perp(**places(market, key)))
    for account in holders(market, key):
        if market.book.margins.found[account].perps[key].seat:
            rest = others(market, account, apart=key)
            draw = exchange.draw_perp_seat(account=account, remaining_accounts=rest, **places(market, key))
            market.must("draw_perp_seat", draw)


def holders(market: Marketplace, key: Pubkey) -> list[Pubkey]:
    return [account for account, margin in market.book.margins.found.items() if key in margin.perps]


def claim_atoms(market: Marketplace, account: Pubkey, key: Pubkey) -> int:
    """What a position comes to."""
    perp = market.book.perps.found[key]
    return market.perps.stakes[key]["leg", account].claim_atoms(perp, perp.settlement_ticks)


def pay_losses(market: Marketplace, key: Pubkey) -> None:
    """Every loser brings what he lacks and pays."""
    for account in holders(market, key):
        if (owed := -claim_atoms(market, account, key)) > 0:
            bring(market, account, owed)
            market.must("settle_pnl", exchange.settle_pnl(account=account, **places(market, key)))
            left = claim_atoms(market, account, key) if key in market.book.margins.found[account].perps else 0
            demand(left == 0, "a loss is paid in whole", account, left)


def bring(market: Marketplace, account: Pubkey, owed_atoms: int) -> None:
    """Collateral to pay a loss with, which anybody may deposit."""
    margin = market.book.margins.found[account]
    amount = owed_atoms - margin.free_atoms
    if amount > 0:
        deposit = exchange.deposit(
            depositor=market.relayer,
            exchange=margin.desk,
            account=account,
            source=market.purse,
            vault=market.book.exchanges.found[margin.desk].vault,
            amount_atoms=amount,
        )
        market.must("deposit", deposit)


def pay_profits(market: Marketplace, key: Pubkey) -> None:
    """Everybody is paid what is left of the claims, and the market what it is due."""
    for account in holders(market, key):
        leg = market.book.margins.found[account].perps[key]
        if leg.position_lots or claim_atoms(market, account, key):
            market.must("settle_pnl", exchange.settle_pnl(account=account, **places(market, key)))
    for account in holders(market, key):  # what was borne, and never came back
        owner = market.book.margins.found[account].owner
        market.must("waive_haircut", exchange.waive_haircut(owner=owner, account=account, market=key))
    demand(not holders(market, key), "everybody is paid", key)
    market.must("update_funding", update(market, key))
    perp = market.book.perps.found[key]
    if perp.fees_atoms:
        collect = exchange.collect_perp_fees(exchange=perp.exchange, market=key)
        market.must("collect_perp_fees", collect)
