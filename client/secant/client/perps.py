"""Perpetuals: finding, creating, reading, insuring, keeping."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from secant import exchange
from secant.units import feed_value_of

from .book_room import BookRoomMethods
from .perp_accounts import updating
from .perp_state import PerpRef, PerpStateMethods
from .perp_unfit import unfit_rules
from .perp_views import perp_book_view, perp_view
from .receipts import Receipt
from .session import emitted
from .views import NO_ASK, NO_BID, padded, seconds_of

if TYPE_CHECKING:
    from datetime import datetime

    from secant import oracle

    from .feeds import FeedRef
    from .perp_results import PerpBookView, PerpView
    from .receipts import ExpandReceipt

__all__ = ["PerpMethods"]

_NAME_BYTES: Final = 32


class PerpMethods(PerpStateMethods, BookRoomMethods):
    """What one does with perpetuals as a whole. One is named by its address, its name, or its view."""

    async def perps(self) -> tuple[PerpView, ...]:
        """All perpetuals of the exchange, by name, brought up to date.

        Raises:
            RpcUnreachable, RpcRefused: the node does not answer, or answers no scans.
        """
        found, now = await asyncio.gather(self._all_perps(), self.chain.clock_time())
        views = [perp_view(state, now) for state in found.values()]
        return tuple(sorted(views, key=lambda view: view.name))

    async def perp(self, market: PerpRef) -> PerpView:
        """One perpetual, brought up to date: prices, funding, what is open, and what it allows.

        Raises:
            AccountNotFound: there is no such market.
        """
        state = await self._perp(market)
        return perp_view(state, await self.chain.clock_time())

    async def perp_book(self, market: PerpRef) -> PerpBookView:
        """The order book of a perpetual, as levels with the value down to each.

        Raises:
            AccountNotFound: there is no such market.
        """
        state = await self._perp_as_stored(market)
        (book,), now = await self.chain.accounts_and_time([state.book])
        assert book is not None, "a market is created with its book"
        return perp_book_view(state.book, book.data, state.address, state.scale, now)

    async def create_perp(
        self,
        name: str,
        feed: FeedRef,
        rules: exchange.PerpRules,
        *,
        closes: datetime | int | None = None,
    ) -> Receipt:
        """Creates a perpetual over a feed, and its book, as the exchange's admin.

        Args:
            name: Short name, 1 to 32 bytes, unique on the exchange.
            feed: The feed that it follows; it must have a fresh price.
            rules: Its rules; `perp_rules` makes them.
            closes: When it closes, more than an hour ahead; never unless given. A market whose price has a
                face must close: before what it is about is known.

        Raises:
            InputError: no such name. AccountNotFound: there is no such feed.
            ProgramError: AdminMismatch, PerpRulesInvalid, TimesInvalid, PriceUnfit, Paused. Others as of
                `Chain.send`.
        """
        address, stored = await self._feed(feed)
        instruction = exchange.create_perp(
            admin=self.wallet.address,
            exchange=self.exchange.address,
            feed=address,
            market_id=padded(name, _NAME_BYTES, "name"),
            rules=rules,
            close_time=0 if closes is None else seconds_of(closes, "close"),
        )
        admin = self.exchange.admin
        landed = await self._send(
            instruction,
            creates=("a perpetual of this name", "use it, or choose another name"),
            explains={
                "AdminMismatch": ("only the exchange's admin creates perpetuals", f"sign with {admin}"),
                "PriceUnfit": _unfit_price(stored, rules),
                "PerpRulesInvalid": unfit_rules(rules),
                "TimesInvalid": (
                    "a perpetual closes more than an hour from now, and one with a face must close",
                    "give a later close",
                ),
            },
        )
        return Receipt(landed.signature, emitted(landed, exchange.PerpCreated).market)

    async def expand_perp_book(self, market: PerpRef, *, seats: int = 0, orders: int = 0) -> ExpandReceipt:
        """Makes room in a perpetual's book. The wallet pays the rent, and the admin gets it in the end.

        Args:
            market: The perpetual.
            seats: How many accounts more may have orders in it, 120 bytes each; a book has at most 4,096.
            orders: How many orders more it holds, 32 bytes each; a book has at most 2,048.

        Raises:
            InputError: nothing to add, or more than a book can have.
            AccountNotFound: there is no such market. Others as of `Chain.send`.
        """
        state = await self._perp_as_stored(market)
        book = await self.chain.account(state.book)
        assert book is not None, "a market is created with its book"
        return await self._expand(state.book, book.data, seats=seats, orders=orders)

    async def update_perp(self, market: PerpRef) -> Receipt:
        """Brings a perpetual's index, mark and funding up to date, for good. Anyone may.

        Raises:
            AccountNotFound: there is no such market. Others as of `Chain.send`.
        """
        state = await self._perp_as_stored(market)
        landed = await self._send(updating(state.address, state.stored))
        return Receipt(landed.signature, state.address)


def _unfit_price(feed: oracle.Feed, rules: exchange.PerpRules) -> tuple[str, str]:
    """Why a feed has no price that a perpetual can begin at, and what to do."""
    readings = [reading for reading in feed.readings if reading.source_time]
    if not readings:
        return "the feed has no reading", "publish one, then create the perpetual: `secant feed publish`"
    newest = max(readings, key=lambda reading: reading.source_time)
    if newest.bid == NO_BID or newest.ask == NO_ASK:
        return "the feed's last reading has one side only", "publish one with a bid and an ask"
    width, most = (feed_value_of(units, feed.exponent) for units in (newest.ask - newest.bid, feed.width_max))
    if width > most:
        return (
            f"the feed's last reading is {width:,f} wide, and it allows {most:,f}, which never changes",
            "publish a narrower one, or create another feed with a wider `--max-spread`",
        )
    price = feed_value_of(newest.bid + newest.ask, feed.exponent) / 2
    if rules.face_ticks and newest.bid + newest.ask >= 2 * rules.face_ticks * rules.units_per_tick:
        return f"the feed says {price:,f}, and the face is no more than that", "give a greater face"
    return (
        f"the feed's last price is older than {rules.stale_s} s, agreed by too few, or beyond all prices",
        "publish one, then create the perpetual: `secant feed publish`",
    )
