"""A world with a feed and perpetuals over it: what tests of perpetuals start from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from solders.account import Account
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from secant import exchange
from world import RefusedError, User, World

if TYPE_CHECKING:
    from collections.abc import Iterable

UNIT_ATOMS = 10**6
FEED_UNITS_PER_TICK = 100
"""The feed's units are millionths; a tick is 0.0001."""

RULES = exchange.PerpRules(
    tiers=(
        exchange.PerpTier(from_atoms=0, initial_bps=1_000, maintenance_bps=500),
        exchange.PerpTier(from_atoms=10**12, initial_bps=2_000, maintenance_bps=1_000),
        exchange.PerpTier(from_atoms=0, initial_bps=0, maintenance_bps=0),
        exchange.PerpTier(from_atoms=0, initial_bps=0, maintenance_bps=0),
    ),
    tier_count=2,
    units_per_tick=FEED_UNITS_PER_TICK,
    position_max_lots=2**34,
    open_max_lots=2**36,
    impact_lots=8,
    lots_min=1,
    dust_atoms=UNIT_ATOMS,
    profits_max_atoms=10**13,
    size_premium_ppb=0,
    near_ticks=0,
    near_bps=500,
    shock_ticks=0,
    shock_bps=5_000,
    funding_ticks=0,
    funding_bps=500,
    stale_s=60,
    taker_fee_ppm=450,
    maker_rebate_ppm=50,
    face_ticks=0,
    reward_bps=50,
    reward_max_bps=250,
    insurance_bps=50,
    insurance_cap_bps=10_000,
)
"""Ten times leverage up to a million, five beyond."""


@dataclass
class PerpWorld(World):
    """A world with one publisher; `price` is what its feed says, in ticks."""

    publisher: Keypair = field(default_factory=Keypair)
    feeds: dict[Pubkey, Pubkey] = field(default_factory=dict)
    """The feed of each market."""
    books: dict[Pubkey, Pubkey] = field(default_factory=dict)
    """The book of each market."""
    users: list[User] = field(default_factory=list)

    def fund(self, key: Pubkey) -> None:
        """Lamports written straight into the chain: its faucet ends after a thousand users."""
        self.svm.set_account(key, Account(10**10, b"", Pubkey.default()))

    def user(self, deposit_atoms: int = 0) -> User:
        """A user with collateral, known to the audits."""
        user = self.new_user(max(deposit_atoms, 1), deposit_atoms)
        self.users.append(user)
        return user

    def publish_price(self, feed: Pubkey, price_ticks: int, *, width_ticks: int = 0) -> None:
        """One reading of a feed, now."""
        middle, half = price_ticks * FEED_UNITS_PER_TICK, width_ticks * FEED_UNITS_PER_TICK // 2
        self.run(
            self.publish(self.publisher, [feed], [(self.now, middle - half, middle + half)]),
            signers=[self.publisher],
        )

    def new_perp(
        self, name: str = "SOL", price_ticks: int = 10_000, *, close_time: int = 0, **changes: Any
    ) -> Pubkey:
        """A market over a feed of its own, at a price."""
        feed = self.new_feed([self.publisher], name=f"feed of {name}", width_max=50_000_000)
        self.publish_price(feed, price_ticks)
        market_id = name.encode().ljust(32, b"\0")
        market = exchange.find_market(exchange=self.exchange_address, market_id=market_id)
        book = exchange.find_book(event=market, outcome=0)
        self.run(
            exchange.create_perp(
                admin=self.admin.pubkey(),
                exchange=self.exchange_address,
                feed=feed,
                market=market,
                book=book,
                market_id=market_id,
                rules=replace(RULES, **changes),
                close_time=close_time,
            ),
            signers=[self.admin],
        )
        self.feeds[market], self.books[market] = feed, book
        return market

    def tick(self, market: Pubkey, price_ticks: int, seconds: int = 1) -> None:
        """Time passes, the feed says a price, and the market is brought up to date."""
        self.set_time(self.now + seconds)
        self.publish_price(self.feeds[market], price_ticks)
        self.run(self.update(market), signers=[self.publisher])

    # Instructions

    def update(self, market: Pubkey) -> Instruction:
        return exchange.update_funding(market=market, feed=self.feeds[market], book=self.books[market])

    def others(self, market: Pubkey | None, *accounts: Pubkey) -> list[AccountMeta]:
        """The markets of the accounts' other legs, as remaining accounts."""
        found: dict[Pubkey, None] = {}
        for account in accounts:
            for leg in exchange.MarginAccount.decode(self.data(account)).perp_legs:
                if leg.market not in (Pubkey.default(), market):
                    found[leg.market] = None
        return [AccountMeta(key, is_signer=False, is_writable=False) for key in found]

    def trade_perp(self, user: User, market: Pubkey, request: exchange.OrderRequest) -> Instruction:
        return exchange.trade_perp(
            trader=user.key,
            exchange=self.exchange_address,
            account=user.account,
            market=market,
            feed=self.feeds[market],
            book=self.books[market],
            request=request,
            remaining_accounts=self.others(market, user.account),
        )

    def draw_perp(self, user: User, market: Pubkey) -> Instruction:
        return exchange.draw_perp_seat(
            account=user.account,
            market=market,
            feed=self.feeds[market],
            book=self.books[market],
            remaining_accounts=self.others(market, user.account),
        )

    def settle(self, user: User, market: Pubkey) -> Instruction:
        return exchange.settle_pnl(
            account=user.account, market=market, feed=self.feeds[market], book=self.books[market]
        )

    def refresh(self, user: User) -> Instruction:
        return exchange.refresh_margin(
            account=user.account, remaining_accounts=self.others(None, user.account)
        )

    def liquidate(self, taker: User, user: User, market: Pubkey, lots_max: int = 2**64 - 1) -> Instruction:
        return exchange.liquidate(
            **self._takeover(taker, user, market),
            lots_max=lots_max,
            remaining_accounts=self.others(market, taker.account, user.account),
        )

    def resolve_bankruptcy(
        self, taker: User, user: User, market: Pubkey, lots_max: int = 2**64 - 1
    ) -> Instruction:
        return exchange.resolve_bankruptcy(
            **self._takeover(taker, user, market),
            lots_max=lots_max,
            remaining_accounts=self.others(market, taker.account, user.account),
        )

    def _takeover(self, taker: User, user: User, market: Pubkey) -> dict[str, Pubkey]:
        return {
            "liquidator": taker.key,
            "exchange": self.exchange_address,
            "taker": taker.account,
            "account": user.account,
            "market": market,
            "feed": self.feeds[market],
            "book": self.books[market],
        }

    def insure(self, user: User, market: Pubkey, amount_atoms: int) -> Instruction:
        return exchange.add_insurance(
            owner=user.key, account=user.account, market=market, amount_atoms=amount_atoms
        )

    def land(self, user: User, *instructions: Instruction) -> int:
        """Lands a transaction of one signer; the compute units it took."""
        return int(self.run(*instructions, signers=[user.keys]).compute_units_consumed())

    def refused(self, user: User, *instructions: Instruction) -> str:
        """The name by which a transaction is refused; "" if it landed."""
        try:
            self.land(user, *instructions)
        except RefusedError as refusal:
            return refusal.name
        return ""

    # Decoded state

    def perp(self, market: Pubkey) -> exchange.PerpMarket:
        return exchange.PerpMarket.decode(self.data(market))

    def perp_leg(self, user: User, market: Pubkey) -> exchange.PerpLeg | None:
        legs = (leg for leg in self.margin(user).perp_legs if leg.market == market)
        return next(legs, None)

    def positions(self, market: Pubkey) -> Iterable[tuple[int, int, int, int]]:
        """Lots, cost and indices of every leg and every seat in a market."""
        for user in self.users:
            leg = self.perp_leg(user, market)
            if leg is not None:
                quote = leg.quote_atoms + returned_down(leg, self.perp(market))
                yield leg.position_lots, quote, leg.funding_index, leg.loss_index
        for seat in self.seats(self.books[market]):
            if seat.lots or seat.cash_atoms or seat.haircut_atoms:
                quote = seat.cash_atoms + seat_returned_down(seat, self.perp(market))
                yield seat.lots, quote, seat.funding_index, seat.loss_index

    def assert_whole(self) -> None:
        """The vault is what is owed, to the atom, and every market's claims are its pool, but for dust."""
        cash = sum(self.margin(user).cash_atoms for user in self.users)
        held = 0
        for market in self.feeds:
            perp = self.perp(market)
            held += perp.pool_atoms + perp.insurance_atoms + perp.fees_atoms
            self._assert_claims(market, perp)
        fees = exchange.Exchange.decode(self.data(self.exchange_address)).fees_atoms
        assert self.token_amount(self.vault) == cash + held + fees

    def _assert_claims(self, market: Pubkey, perp: exchange.PerpMarket) -> None:
        positions = list(self.positions(market))
        assert sum(lots for lots, *_ in positions) == 0
        assert sum(lots for lots, *_ in positions if lots > 0) == perp.open_lots
        claims = perp.fees_due_atoms + perp.insurance_due_atoms
        for lots, quote, funding_index, loss_index in positions:
            loss_now = perp.loss_short_index if lots < 0 else perp.loss_long_index
            claims += quote - owed_up(lots, funding_index, perp.funding_index)
            claims -= owed_up(abs(lots), loss_index, loss_now)
        dust = perp.pool_atoms - claims
        assert dust >= 0, f"the pool lacks {-dust} atoms of what it owes"


def returned_down(leg: exchange.PerpLeg, perp: exchange.PerpMarket) -> int:
    """What has been given back of what a leg has borne, noted or not yet, as exact integers say."""
    loss_now = perp.loss_short_index if leg.position_lots < 0 else perp.loss_long_index
    fresh_atoms = max(0, owed_up(abs(leg.position_lots), leg.loss_index, loss_now))
    noted = _given_back(perp, leg.haircut_atoms, leg.recovery_share, leg.recovery_epoch)
    return noted + _given_back(perp, fresh_atoms, perp.haircut_share, perp.haircut_epoch)


def seat_returned_down(seat: exchange.Seat, perp: exchange.PerpMarket) -> int:
    """As `returned_down`, of what a seat has borne, which is noted once it is drawn."""
    loss_now = perp.loss_short_index if seat.lots < 0 else perp.loss_long_index
    fresh_atoms = max(0, owed_up(abs(seat.lots), seat.loss_index, loss_now))
    return _given_back(perp, seat.haircut_atoms + fresh_atoms, perp.haircut_share, perp.haircut_epoch)


def _given_back(perp: exchange.PerpMarket, atoms: int, share: int, epoch: int) -> int:
    """Of atoms borne when a share of the epoch was left, what is given back by now, rounded down."""
    if atoms == 0 or epoch != perp.recovery_epoch:
        return atoms
    return atoms - -(-atoms * perp.recovery_share // share)


def owed_up(lots: int, index_before: int, index_now: int) -> int:
    """What a position owes between two indices, as exact integers say."""
    moved = (index_now - index_before + 2**63) % 2**64 - 2**63
    return -((-lots * moved) >> 32)
