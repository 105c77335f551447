"""Perpetuals as the chain would have them now, and what every method about them stands on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

from solders.pubkey import Pubkey

from secant import exchange, oracle
from secant.errors import AccountNotFound, ClientOutdated, ProgramError
from secant.perp_margin import near_ticks
from secant.units import PerpScale

from .feeds import FeedMethods
from .perp_accounts import updating
from .perp_results import PerpStatus, PerpView, PriceProblem
from .perp_views import quality_of, status_of
from .session import ACCOUNT_MISSING, address_of, decoded
from .views import moment_text, padded, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from solders.instruction import Instruction

    from secant.chain import Landed

__all__ = ["PerpRef", "PerpState", "PerpStateMethods"]

PerpRef: TypeAlias = Pubkey | str | PerpView

_NAME_BYTES: Final = 32
_UPDATES_MAX: Final = 8  # markets that one transaction brings up to date
_LIST_PERPS: Final = "`secant perp list` shows what there is"


@dataclass(frozen=True, slots=True)
class PerpState:
    """A perpetual as the program would bring it up to date now; as it is stored where it would not.

    Attributes:
        address: Its address.
        stored: The market.
        exponent: That of its feed; None once that is closed.
    """

    address: Pubkey
    stored: exchange.PerpMarket
    exponent: int | None

    @property
    def scale(self) -> PerpScale:
        """Return what its ticks and lots are: in feed units, once the feed is closed."""
        return PerpScale.of(self.stored.rules.units_per_tick, self.exponent or 0)

    @property
    def name(self) -> str:
        """Return the market's name."""
        return text_of(self.stored.market_id)

    @property
    def book(self) -> Pubkey:
        """Return the address of the market's book."""
        return exchange.find_book_of_create_perp(market=self.address)


class PerpStateMethods(FeedMethods):
    """What reads perpetuals. One is named by its address, its name, or its view."""

    async def _perp(self, market: PerpRef) -> PerpState:
        """A perpetual, brought up to date.

        Raises:
            AccountNotFound: there is no such market.
        """
        address, stored = await self._stored_perp(market)
        return (await self._states({address: stored}))[address]

    async def _perp_as_stored(self, market: PerpRef) -> PerpState:
        """A perpetual as it was last brought up to date: its rules and its scale, for a request less.

        Raises:
            AccountNotFound: there is no such market.
        """
        address, stored = await self._stored_perp(market)
        return PerpState(address, stored, (await self._exponents({address: stored}))[address])

    async def _stored_perp(self, market: PerpRef) -> tuple[Pubkey, exchange.PerpMarket]:
        address = self._perp_address(market)
        try:
            return address, await self._read("perpetual", address, exchange.PerpMarket, _LIST_PERPS)
        except AccountNotFound:
            if not isinstance(market, str) or market == str(address):
                raise
            raise AccountNotFound("perpetual", None, f"none is named {market!r}", _LIST_PERPS) from None

    def _perp_address(self, market: PerpRef) -> Pubkey:
        if isinstance(market, PerpView):
            return market.address
        if isinstance(market, Pubkey):
            return market
        try:
            return Pubkey.from_string(market)
        except ValueError:
            market_id = padded(market, _NAME_BYTES, "perpetual")
            return exchange.find_market(exchange=self.exchange.address, market_id=market_id)

    async def _all_perps(self) -> dict[Pubkey, PerpState]:
        """Every perpetual of the exchange, brought up to date."""
        kind = exchange.PerpMarket
        fields = {kind.OFFSETS["exchange"]: bytes(self.exchange.address)}
        found = await self.chain.program_accounts(exchange.PROGRAM_ID, kind.DISCRIMINATOR, fields)
        return await self._states({address: decoded(kind, data) for address, data in found.items()})

    async def _perps_at(self, addresses: Iterable[Pubkey]) -> dict[Pubkey, PerpState]:
        """The perpetuals at some addresses, brought up to date."""
        keys = list(dict.fromkeys(addresses))
        stored = {}
        for key, account in zip(keys, await self.chain.accounts(keys), strict=True):
            if account is None:
                raise AccountNotFound("perpetual", key, "there is no account", _LIST_PERPS)
            stored[key] = decoded(exchange.PerpMarket, account.data)
        return await self._states(stored)

    async def _states(self, stored: Mapping[Pubkey, exchange.PerpMarket]) -> dict[Pubkey, PerpState]:
        markets = list(stored.items())
        parts, exponents = await asyncio.gather(
            asyncio.gather(
                *[
                    self._updated(dict(markets[start : start + _UPDATES_MAX]))
                    for start in range(0, len(markets), _UPDATES_MAX)
                ]
            ),
            self._exponents(stored),
        )
        return {
            address: PerpState(address, market, exponents[address])
            for part in parts
            for address, market in part.items()
        }

    async def _updated(self, stored: dict[Pubkey, exchange.PerpMarket]) -> dict[Pubkey, exchange.PerpMarket]:
        """Markets as the program itself would bring them up to date; those that it refuses as they are."""
        payer = self.exchange.admin if self._wallet is None else self._wallet.address
        updates = [updating(address, market) for address, market in stored.items()]
        simulated = await self.chain.simulate(updates, payer, accounts=list(stored))
        if simulated.error is None:
            return {
                address: decoded(exchange.PerpMarket, data)
                for address, data in zip(stored, simulated.accounts, strict=True)
                if data is not None
            }
        # A feed is closed, or the wallet holds no SOL: what is stored says when it is from.
        if len(stored) == 1:
            return stored
        each = await asyncio.gather(*[self._updated({key: market}) for key, market in stored.items()])
        return {address: market for part in each for address, market in part.items()}

    async def _exponents(self, stored: Mapping[Pubkey, exchange.PerpMarket]) -> dict[Pubkey, int | None]:
        """The exponent of each market's feed; None for one that is closed."""
        feeds = list(dict.fromkeys(market.feed for market in stored.values()))
        found = dict(zip(feeds, await self.chain.accounts(feeds), strict=True))
        exponents = {
            address: None if account is None else decoded(oracle.Feed, account.data).exponent
            for address, account in found.items()
        }
        return {address: exponents[market.feed] for address, market in stored.items()}

    # --- for what writes ------------------------------------------------------------------------------------

    def _account_for(self, owner: Pubkey | str | None) -> Pubkey:
        return self.account_address if owner is None else self._account_of(address_of(owner, "owner"))

    async def _margin(self, account: Pubkey) -> exchange.MarginAccount:
        missing = ACCOUNT_MISSING
        if self.account_index and account == self.account_address:
            missing = f"open it: `secant account open --account-index {self.account_index}`"
        return await self._read("margin account", account, exchange.MarginAccount, missing)

    async def _seat_of(self, account: Pubkey, leg: exchange.PerpLeg) -> exchange.Seat | None:
        """The seat of a leg, if the account still has it."""
        found = await self._seats_of({account: [leg]})
        return found.get((account, leg.market))

    async def _seats_of(
        self, legs: Mapping[Pubkey, list[exchange.PerpLeg]]
    ) -> dict[tuple[Pubkey, Pubkey], exchange.Seat]:
        """The seats of accounts' legs, by account and market."""
        seated = [(account, leg) for account, held in legs.items() for leg in held if leg.seat]
        markets = list(dict.fromkeys(leg.market for _, leg in seated))
        books = [exchange.find_book_of_create_perp(market=market) for market in markets]
        data = dict(zip(markets, await self.chain.accounts(books), strict=True))
        found = {}
        for account, leg in seated:
            book = data[leg.market]
            at = exchange.Book.SIZE + (leg.seat - 1) * exchange.Seat.SIZE
            if book is None or len(book.data) < at + exchange.Seat.SIZE:
                raise ClientOutdated(f"the book of perpetual {leg.market} has no seat {leg.seat}")
            seat = exchange.Seat.decode(book.data[at : at + exchange.Seat.SIZE])
            # The account was read before its book: the seat may be another's by now.
            if seat.account == account:
                found[account, leg.market] = seat
        return found

    async def _send_about(
        self,
        state: PerpState,
        *instructions: Instruction,
        explains: Mapping[str, tuple[str, str]] | None = None,
    ) -> Landed:
        """Sends, and says of a refusal what the market itself knows about it.

        Raises:
            ProgramError: PriceUnfit and OrderOffMark with what is wrong and what is allowed. Others as of
                `_send`.
        """
        try:
            return await self._send(*instructions, explains=explains)
        except ProgramError as error:
            await self._explain_about(state, error)

    async def _explain_about(self, state: PerpState, error: ProgramError) -> NoReturn:
        """Writes into an error what the market says about it now, and raises it."""
        now = await self.chain.clock_time()
        if error.name in {"PriceUnfit", "OrderOffMark", "PositionTooLarge"}:
            state = await self._perp(state.address)
        market, scale = state.stored, state.scale
        match error.name:
            case "PriceUnfit":
                quality = quality_of(market, scale, now)
                error.message = (
                    f"the price of {state.name} is {quality.why}" if quality.why else error.message
                )
                until = "wait for its feed's next reading"
                if any(problem is PriceProblem.VOLATILE for problem in quality.problems):
                    until = "wait until its five-minute average is near enough: readings move it"
                error.remedy = f"{until}; reducing, cancelling and depositing stay open"
            case "OrderOffMark":
                low, high = (f"{scale.price_of(ticks):,f}" for ticks in near_ticks(market))
                error.message = (
                    f"no order rests so far beyond the mark of {scale.price_of(market.mark_ticks):,f}"
                )
                error.remedy = f"bid at most {high}, ask at least {low}"
            case "OrderTooSmall":
                least = scale.size_of(market.rules.lots_min)
                error.remedy = f"order at least {least:,f}"
            case "PositionTooLarge":
                own, in_all = (
                    f"{scale.size_of(lots):,f}"
                    for lots in (market.rules.position_max_lots, market.rules.open_max_lots)
                )
                error.message = (
                    f"an account holds at most {own} of {state.name}, its open orders included, and all"
                    f" together at most {in_all}; {scale.size_of(market.open_lots):,f} are open"
                )
                error.remedy = "order less, or cancel open orders"
            case "PerpClosed" | "Paused":
                await self._explain_halt(state, error, now)
        raise error

    async def _explain_halt(self, state: PerpState, error: ProgramError, now: int) -> None:
        """Writes into an error what has stopped in a market, and what still goes on."""
        market, name = state.stored, state.name
        if error.name == "PerpClosed":
            end = moment_text(market.close_time)
            if status_of(market, now) is PerpStatus.CLOSING:
                error.message = f"{name} closes at {end}, and in its last hour positions only get smaller"
                error.remedy = (
                    f"`secant perp close {name}`, or order with `--reduce-only`, `reduce_only=True`"
                )
            else:
                error.message = f"{name} closed at {end}: nothing trades there"
                error.remedy = f"`secant perp settle {name}` pays what a position won, or takes its loss"
            return
        error.remedy = f"`secant perp show {name}` says what is paused; wait for the admin"
        stored = await self._read("exchange", self.exchange.address, exchange.Exchange, _LIST_PERPS)
        if stored.pause_bits & exchange.PAUSE_TRADE and not market.pause_bits:
            error.message = "Trading is paused on the whole exchange; what reduces a position is not"
            error.remedy = "`secant exchange show` says what is paused; wait for the admin"
