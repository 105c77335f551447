"""Which margin accounts are at risk: the mirror of margin, kept beside the state it is made of.

Prices are those that the next instruction would state. What changes is noted as it comes, and taken into the
columns when somebody asks. What fills have brought to an account's seats, and nobody has drawn yet, counts as
if it had been.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from secant import exchange
from secant.perp_margin import holding_of
from secant_keeper.books import BookAccount
from secant_keeper.perps.account import free_atoms, legs_of
from secant_keeper.perps.columns import Columns, Leg
from secant_keeper.perps.figures import Positions
from secant_keeper.perps.foresight import foreseen
from secant_keeper.perps.margin import settled_quote
from secant_keeper.perps.near_risk import NearRisk
from secant_keeper.perps.prices import mirrored
from secant_keeper.perps.sample import sample_of
from secant_keeper.perps.task import book_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from solders.pubkey import Pubkey

    from secant import oracle
    from secant_keeper.perps.columns import Ints
    from secant_keeper.perps.market import Market
    from secant_keeper.state import State


class AtRisk(NamedTuple):
    """What was found.

    Attributes:
        accounts: Accounts that the program would liquidate, and those of which it must be asked.
        near: How many accounts are marked at every tick.
        time: As of when, chain time, Unix seconds.
    """

    accounts: list[Pubkey]
    near: int
    time: int


class Claims(NamedTuple):
    """The legs of a market as arrays of one length, int64.

    Attributes:
        rows: Whose they are, for `Watch.addresses`.
        lots: Their signed sizes.
        atoms: What they are worth at the mark, costs deducted; 0 where that is not known.
        free_atoms: What their accounts have free.
    """

    rows: Ints
    lots: Ints
    atoms: Ints
    free_atoms: Ints

    def payable_atoms(self) -> Ints:
        """What of each loss its account can pay now."""
        return np.minimum(np.maximum(-self.atoms, 0), np.maximum(self.free_atoms, 0))

    def taken_atoms(self) -> int:
        """Profits of those who hold nothing any more."""
        return int(np.maximum(self.atoms[self.lots == 0], 0).sum())


class _Foreseen(NamedTuple):
    """A market's prices as of a time, and what they were worked out of."""

    stated: exchange.PerpMarket
    feed: oracle.Feed | None
    book: BookAccount | None
    now: int
    market: exchange.PerpMarket

    def is_of(
        self, stated: exchange.PerpMarket, feed: oracle.Feed | None, book: BookAccount | None, now: int
    ) -> bool:
        """Whether nothing it was worked out of has changed."""
        return self.stated is stated and self.feed is feed and self.book is book and self.now == now


class Watch:
    """The accounts with perpetuals as columns.

    Attributes:
        found: What was found last.
        changes: How many changes of accounts were taken in.
    """

    def __init__(self) -> None:
        self._columns = Columns()
        self._near = NearRisk(self._columns)
        self._indices: dict[Pubkey, int] = {}
        self._foreseen: dict[Pubkey, _Foreseen] = {}
        self._mirrored: dict[Pubkey, Market] = {}
        self._changed: set[Pubkey] = set()
        self._books: set[Pubkey] = set()
        self._book_markets: dict[Pubkey, Pubkey] = {}
        self._filled: dict[Pubkey, dict[Pubkey, exchange.Seat]] = {}
        self._borne: defaultdict[Pubkey, dict[Pubkey, None]] = defaultdict(dict)
        self._seated: dict[Pubkey, None] = {}
        self._swept_at: int | None = None
        self.found = AtRisk([], 0, 0)
        self.changes = 0

    def touch(self, address: Pubkey, account: object) -> None:
        """Note that an account has changed, or is gone."""
        if isinstance(account, exchange.MarginAccount):
            self._changed.add(address)
        elif isinstance(account, BookAccount) and not account.head.face_ticks:
            self._books.add(address)
            self._book_markets[address] = account.head.event

    def pick(self, state: State, now: int, sweep_interval_s: float) -> AtRisk:
        """Who is at risk with everything as it is.

        Args:
            state: The accounts.
            now: Chain time, Unix seconds.
            sweep_interval_s: After so long all accounts are looked at anew, whether a price moved far or not.
        """
        self.refresh(state, now)
        markets = [self._mirrored.get(key) for key in self._indices]
        if self._swept_at is None or abs(now - self._swept_at) >= sweep_interval_s:
            self._near.survey(markets)
            self._swept_at = now
        picked = self._near.tick(markets)
        rows = (*picked.liquidatable.tolist(), *picked.unknown.tolist())
        self.found = AtRisk(list(self.addresses(rows)), len(self._near.near()), now)
        return self.found

    def refresh(self, state: State, now: int) -> None:
        """Take in what has changed.

        Args:
            state: The accounts.
            now: Chain time, Unix seconds.
        """
        self._take_books(state)
        for key in self._indices:
            # Leg and seat owe each their own funding: together they are settled up to the market as it is.
            if self._take_market(state, key, now) and key in self._filled:
                self._changed.update(self._filled[key])
        for address in self._changed:
            self._put(state, address, now)
        self.changes += len(self._changed)
        self._changed.clear()

    def claims(self, market: Pubkey) -> Claims | None:
        """What everybody has in a market, as of the last `refresh`; None if it is not known."""
        index, known = self._indices.get(market), self._mirrored.get(market)
        if index is None or known is None:
            return None
        legs = self._columns.legs(index)
        quote, is_unknown = settled_quote(legs, known.at_mark())
        claim = np.where(is_unknown, 0, legs.position_lots * known.mark_ticks + quote)
        return Claims(legs.rows, legs.position_lots, claim, self._columns.free_atoms[legs.rows])

    def positions(self) -> Positions:
        """A copy of what everybody has, as of the last `refresh`."""
        markets = [self._mirrored.get(key) for key in self._indices]
        return Positions(self._columns.copied(), list(self._indices), markets)

    def bearers(self, market: Pubkey) -> Iterator[Pubkey]:
        """Accounts whose legs in a market have borne losers' debts that they have not had returned."""
        return iter(self._borne[market])

    def seated(self, count: int) -> list[Pubkey]:
        """Accounts with seats in books, at most so many, those that were named longest ago."""
        named = list(islice(self._seated, count))
        for address in named:
            self._seated[address] = self._seated.pop(address)
        return named

    def addresses(self, rows: Iterable[int]) -> Iterator[Pubkey]:
        """The accounts of some rows."""
        found = (self._columns.address(row) for row in rows)
        return (one for one in found if one is not None)

    def market(self, state: State, key: Pubkey) -> exchange.PerpMarket | None:
        """A market with its prices as of the last `refresh`, or as it is if nobody has a leg in it."""
        known = self._foreseen.get(key)
        return state.perp(key) if known is None else known.market

    def seat(self, account: Pubkey, market: Pubkey) -> exchange.Seat | None:
        """What an account's fills in a market have brought and nobody has drawn, as of the last `pick`."""
        return self._filled.get(market, {}).get(account)

    def _take_books(self, state: State) -> None:
        """Note what seats hold, and that their accounts are to be counted anew."""
        for address in self._books:
            market, book = self._book_markets[address], state.book(address)
            self._changed.update(self._filled.pop(market, ()))
            if book is None:
                del self._book_markets[address]
            elif book.filled:
                self._filled[market] = {seat.account: seat for _, seat in book.filled}
                self._changed.update(self._filled[market])
        self._books.clear()

    def _take_market(self, state: State, key: Pubkey, now: int) -> bool:
        """Take a market in as of now; whether its indices may have changed."""
        stated, known = state.perp(key), self._foreseen.get(key)
        if stated is None:
            self._mirrored.pop(key, None)
            return self._foreseen.pop(key, None) is not None
        feed, book = state.feed(stated.feed), state.book(book_of(key))
        if known is not None and known.is_of(stated, feed, book, now):
            return False
        market = foreseen(stated, None if feed is None else sample_of(feed), book, now)
        self._foreseen[key] = _Foreseen(stated, feed, book, now, market)
        self._mirrored[key] = mirrored(market, now)
        return known is None or known.stated is not stated

    def _put(self, state: State, address: Pubkey, now: int) -> None:
        account = state.margin_account(address)
        self._note_borne(address, account)
        if account is not None and any(leg.seat for leg in legs_of(account)):
            self._seated.setdefault(address)
        else:
            self._seated.pop(address, None)
        if account is None or not account.perps:
            self._columns.remove(address)
            return
        legs = [self._leg(state, address, leg, now) for leg in legs_of(account)]
        self._columns.put(address, free_atoms(account), legs)

    def _note_borne(self, address: Pubkey, account: exchange.MarginAccount | None) -> None:
        for bearers in self._borne.values():
            bearers.pop(address, None)
        for leg in () if account is None else legs_of(account):
            if leg.haircut_atoms:
                self._borne[leg.market][address] = None

    def _leg(self, state: State, address: Pubkey, leg: exchange.PerpLeg, now: int) -> Leg:
        if leg.market not in self._indices:
            self._indices[leg.market] = self._columns.add_market()
            self._take_market(state, leg.market, now)
        index, market = self._indices[leg.market], self.market(state, leg.market)
        seat = self.seat(address, leg.market) if leg.seat else None
        orders = (leg.bid_lots, leg.bid_atoms, leg.ask_lots, leg.ask_atoms)
        if seat is None or market is None:
            indices = (leg.funding_index, leg.loss_index)
            return Leg(index, leg.position_lots, leg.quote_atoms, *indices, *orders)
        both = holding_of(leg, seat, market)
        loss_index = market.loss_short_index if both.lots < 0 else market.loss_long_index
        return Leg(index, both.lots, both.quote_atoms, market.funding_index, loss_index, *orders)
