"""Perpetuals in use, beside a foreign exchange's: every account that could be passed in place of another."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from solders.instruction import AccountMeta, Instruction

from exchange.refusals import Stage
from exchange.scene import cancellations, signed
from perp_world import PerpWorld
from secant import exchange
from world import TOKEN_PROGRAM, User, ask, bid

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

DEPOSIT_ATOMS = 10**10
PRICE_TICKS = 10_000
FOK = exchange.ORDER_FILL_OR_KILL
_NO_TIER = exchange.PerpTier(from_atoms=0, initial_bps=0, maintenance_bps=0)
BOUNDED: dict[str, Any] = {
    "face_ticks": 20_000,
    "near_bps": 0,
    "near_ticks": 500,
    "shock_bps": 0,
    "shock_ticks": 5_000,
    "tiers": (
        exchange.PerpTier(from_atoms=0, initial_bps=10_000, maintenance_bps=9_900),
        *[_NO_TIER] * 3,
    ),
    "tier_count": 1,
}
"""Rules of a market of probabilities: nothing is lent, and insurance covers 200 ticks for each lot open."""
COVER_TICKS = 200


class PerpScene(Stage):
    """Alice, Mallory and a liquidator on one exchange with two markets, beside a foreign exchange with one.

    Both prices are 10,000 ticks; nobody holds anything yet.
    """

    world: PerpWorld
    feed: Pubkey
    victim: User

    def __init__(self) -> None:
        world = PerpWorld()
        super().__init__(world)
        self.own(world.admin, world.pauser, world.publisher)
        self.alice, self.mallory, self.liquidator = (self.user() for _ in range(3))
        self.market = world.new_perp("SOL", PRICE_TICKS)
        self.other_market = world.new_perp("ETH", PRICE_TICKS)
        self.foreign = PerpWorld(svm=world.svm, publisher=world.publisher)
        self.own(self.foreign.admin, self.foreign.pauser)
        self.foreign_market = self.foreign.new_perp("foreign", PRICE_TICKS)
        self.foreign_account = self._open(self.foreign.exchange_address, self.alice.key)
        self.admin_account = self._open(world.exchange_address, world.admin.pubkey())
        self.alice_second = self._open(world.exchange_address, self.alice.key, 1)
        for owner, account in ((world.admin, self.admin_account), (self.alice.keys, self.alice_second)):
            world.users.append(User(owner, self.alice.wallet, account))
        self.addresses |= self._addresses()

    def _open(self, exchange_address: Pubkey, owner: Pubkey, index: int = 0) -> Pubkey:
        """Another account of an owner's."""
        place = exchange.find_account(exchange=exchange_address, owner=owner, index=index)
        opening = exchange.open_account(
            payer=self.alice.key, exchange=exchange_address, account=place, owner=owner, index=index
        )
        self.run(opening)
        return place

    def _addresses(self) -> dict[str, Pubkey]:
        world, foreign = self.world, self.foreign
        return {
            "exchange": world.exchange_address,
            "admin": world.admin.pubkey(),
            "pauser": world.pauser.pubkey(),
            "publisher": world.publisher.pubkey(),
            "alice": self.alice.key,
            "alice_account": self.alice.account,
            "mallory": self.mallory.key,
            "mallory_account": self.mallory.account,
            "mallory_wallet": self.mallory.wallet,
            "liquidator": self.liquidator.key,
            "liquidator_account": self.liquidator.account,
            "market": self.market,
            "book": world.books[self.market],
            "feed": world.feeds[self.market],
            "other_market": self.other_market,
            "other_book": world.books[self.other_market],
            "other_feed": world.feeds[self.other_market],
            "admin_account": self.admin_account,
            "alice_second": self.alice_second,
            "foreign_exchange": foreign.exchange_address,
            "foreign_admin": foreign.admin.pubkey(),
            "foreign_pauser": foreign.pauser.pubkey(),
            "foreign_account": self.foreign_account,
            "foreign_market": self.foreign_market,
            "foreign_book": foreign.books[self.foreign_market],
            "foreign_feed": foreign.feeds[self.foreign_market],
            "token_program": TOKEN_PROGRAM,
            "oracle_program": exchange.PROGRAM_ID,
        }

    @property
    def book(self) -> Pubkey:
        return self.world.books[self.market]

    # People

    def user(self, deposit_atoms: int = DEPOSIT_ATOMS) -> User:
        user = self.world.user(deposit_atoms)
        self.own(user.keys)
        return user

    def drain(self, user: User, left_atoms: int) -> None:
        """Takes free collateral of a user without perpetuals away, but for so much."""
        self.run(self.world.withdraw(user, self.free(user) - left_atoms))

    def give(self, user: User, amount_atoms: int) -> None:
        """Deposits for a user what the liquidator has free."""
        world = self.world
        withdrawn = world.withdraw(self.liquidator, amount_atoms)
        deposited = world.deposit(
            User(self.liquidator.keys, self.liquidator.wallet, user.account), amount_atoms
        )
        self.run(withdrawn, deposited)

    # Instructions, correct unless the caller says otherwise

    def trade(self, user: User, request: exchange.OrderRequest, market: Pubkey | None = None) -> Instruction:
        return self.world.trade_perp(user, market or self.market, request)

    def draw(self, user: User, market: Pubkey | None = None) -> Instruction:
        return self.world.draw_perp(user, market or self.market)

    def settle(self, user: User, market: Pubkey | None = None) -> Instruction:
        return self.world.settle(user, market or self.market)

    def update(self, market: Pubkey | None = None) -> Instruction:
        return self.world.update(market or self.market)

    def insure(self, user: User, amount_atoms: int, market: Pubkey | None = None) -> Instruction:
        return self.world.insure(user, market or self.market, amount_atoms)

    def liquidate(self, user: User, lots_max: int = 2**64 - 1, taker: User | None = None) -> Instruction:
        return self.world.liquidate(taker or self.liquidator, user, self.market, lots_max)

    def resolve(
        self,
        user: User,
        taker: User | None = None,
        market: Pubkey | None = None,
        lots_max: int = 2**64 - 1,
    ) -> Instruction:
        return self.world.resolve_bankruptcy(taker or self.liquidator, user, market or self.market, lots_max)

    def cancel(self, user: User, *order_ids: int, market: Pubkey | None = None) -> Instruction:
        market = market or self.market
        return exchange.cancel_perp_orders(
            trader=user.key,
            account=user.account,
            market=market,
            book=self.world.books[market],
            cancellations=cancellations(*order_ids),
        )

    def cancel_all(self, user: User, side: int | None = None, market: Pubkey | None = None) -> Instruction:
        market = market or self.market
        return exchange.cancel_all_perp(
            trader=user.key, account=user.account, market=market, book=self.world.books[market], side=side
        )

    def collect(self, market: Pubkey | None = None) -> Instruction:
        return exchange.collect_perp_fees(exchange=self.world.exchange_address, market=market or self.market)

    def pause_perp(self, bits: int) -> Instruction:
        return exchange.pause_perp(
            pauser=self.world.pauser.pubkey(),
            exchange=self.world.exchange_address,
            market=self.market,
            pause_bits=bits,
        )

    def unpause_perp(self, bits: int) -> Instruction:
        return exchange.unpause_perp(
            admin=self.world.admin.pubkey(),
            exchange=self.world.exchange_address,
            market=self.market,
            pause_bits=bits,
        )

    def propose(self, **changes: Any) -> Instruction:
        """Rules with changes."""
        return exchange.propose_perp_rules(
            admin=self.world.admin.pubkey(),
            exchange=self.world.exchange_address,
            market=self.market,
            rules=replace(self.perp().rules, **changes),
        )

    def apply_rules(self) -> Instruction:
        return exchange.apply_perp_rules(market=self.market)

    def close(self, close_time: int) -> Instruction:
        return exchange.close_perp(
            admin=self.world.admin.pubkey(),
            exchange=self.world.exchange_address,
            market=self.market,
            close_time=close_time,
        )

    def settle_market(self) -> Instruction:
        return exchange.settle_perp(market=self.market, feed=self.world.feeds[self.market], book=self.book)

    def remove_insurance(self, amount_atoms: int) -> Instruction:
        return exchange.remove_insurance(
            admin=self.world.admin.pubkey(),
            exchange=self.world.exchange_address,
            market=self.market,
            account=self.admin_account,
            amount_atoms=amount_atoms,
        )

    def return_haircut(self) -> Instruction:
        return exchange.return_haircut(market=self.market)

    def waive_haircut(self, user: User) -> Instruction:
        return exchange.waive_haircut(owner=user.key, account=user.account, market=self.market)

    def place_trigger(self, user: User, terms: exchange.TriggerTerms, number: int = 0) -> Instruction:
        return exchange.place_trigger(
            trader=user.key, account=user.account, market=self.market, id=number, terms=terms
        )

    def trigger_of(self, user: User, number: int = 0) -> Pubkey:
        return exchange.find_trigger(account=user.account, market=self.market, id=number)

    def execute(self, user: User, number: int = 0) -> Instruction:
        return exchange.execute_trigger(
            exchange=self.world.exchange_address,
            account=user.account,
            market=self.market,
            feed=self.world.feeds[self.market],
            book=self.book,
            trigger=self.trigger_of(user, number),
            payer=user.key,
            remaining_accounts=self.world.others(self.market, user.account),
        )

    def cancel_trigger(
        self, user: User, payer: Pubkey | None = None, trader: Pubkey | None = None
    ) -> Instruction:
        """Signed by who paid, the user unless said otherwise, or by a trader."""
        payer = payer or user.key
        cancelling = exchange.cancel_trigger(
            payer=payer, account=user.account, trigger=self.trigger_of(user), trader=trader
        )
        return cancelling if trader else signed(cancelling, payer)

    def pause(self, bits: int) -> Instruction:
        """Pauses something on all of the exchange."""
        return exchange.pause(
            pauser=self.world.pauser.pubkey(), exchange=self.world.exchange_address, pause_bits=bits
        )

    def delegate(self, user: User, to: Pubkey) -> Instruction:
        return exchange.set_delegate(owner=user.key, account=user.account, delegate=to)

    def traded_by(self, signer: Pubkey, instruction: Instruction) -> Instruction:
        """An instruction of a trader's, signed by somebody else."""
        metas = list(instruction.accounts)
        metas[0] = AccountMeta(signer, is_signer=True, is_writable=False)
        return Instruction(instruction.program_id, bytes(instruction.data), metas)

    # What has happened

    def rest(self, user: User, *requests: exchange.OrderRequest, market: Pubkey | None = None) -> list[int]:
        """Places orders one by one and returns the numbers of what rests."""
        return [self.placed(user, request, market).order_id for request in requests]

    def placed(
        self, user: User, request: exchange.OrderRequest, market: Pubkey | None = None
    ) -> exchange.PlacedOrder:
        """Places an order and returns what became of it."""
        changed = self.changed(user, request, market)
        (placed,) = changed.placed
        return placed

    def changed(
        self, user: User, request: exchange.OrderRequest, market: Pubkey | None = None
    ) -> exchange.BookChanged:
        """Places an order and returns what it changed in the book."""
        (changed,) = self.run(self.trade(user, request, market))
        assert isinstance(changed, exchange.BookChanged)
        return changed

    def open(
        self,
        user: User,
        lots: int,
        price_ticks: int = PRICE_TICKS,
        against: User | None = None,
        market: Pubkey | None = None,
    ) -> None:
        """A user takes signed lots from an order that somebody rests for it; the maker's seat is drawn."""
        maker = against or self.mallory
        makes, takes = (ask, bid) if lots > 0 else (bid, ask)
        self.run(self.trade(maker, makes(price_ticks, abs(lots)), market))
        self.run(self.trade(user, takes(price_ticks, abs(lots), kind=FOK), market))
        self.run(self.draw(maker, market))

    def haircut(self) -> None:
        """A long of 10,000 lots with 11 is resolved at 8,900: the shorts bear 490,000 atoms, 49 a lot.

        Those are Mallory's alone, unless somebody else is short.
        """
        self.victim = self.user(11_000_000)
        self.open(self.victim, 10_000)
        self.stay(8_900)
        self.run(self.resolve(self.victim))

    def later(self, seconds: int = 1) -> None:
        """Time passes, and with it a slot."""
        self.world.svm.warp_to_slot(self.world.svm.get_clock().slot + 1)
        self.world.set_time(self.world.now + seconds)

    def price(self, price_ticks: int, seconds: int = 1, market: Pubkey | None = None) -> None:
        """Time passes, and the market follows its feed to a price; the others stay behind."""
        self.later(seconds)
        self._follow(market or self.market, price_ticks)

    def prices(self, price_ticks: int, other_ticks: int = PRICE_TICKS, seconds: int = 1) -> None:
        """As `price`, for both markets at once."""
        self.later(seconds)
        self._follow(self.market, price_ticks)
        self._follow(self.other_market, other_ticks)

    def _follow(self, market: Pubkey, price_ticks: int) -> None:
        self.world.publish_price(self.world.feeds[market], price_ticks)
        self.run(self.update(market))

    def stay(self, price_ticks: int) -> None:
        """The price stays for so long that its average is the same."""
        self.price(price_ticks)
        self.price(price_ticks, 301)

    def next_slot(self) -> None:
        """A slot later every market is up to date again."""
        self.later(0)
        for market in self.world.feeds:
            self.run(self.update(market))

    # Decoded state

    def perp(self, market: Pubkey | None = None) -> exchange.PerpMarket:
        return self.world.perp(market or self.market)

    def leg(self, user: User, market: Pubkey | None = None) -> exchange.PerpLeg | None:
        return self.world.perp_leg(user, market or self.market)

    def held(self, user: User, market: Pubkey | None = None) -> tuple[int, int]:
        """Lots and cost of a leg; zeros without one."""
        leg = self.leg(user, market)
        return (0, 0) if leg is None else (leg.position_lots, leg.quote_atoms)

    def free(self, user: User) -> int:
        margin = self.world.margin(user)
        return margin.cash_atoms + margin.floor_atoms

    def cash(self, user: User) -> int:
        return self.world.margin(user).cash_atoms

    def health(self, user: User) -> exchange.MarginStated:
        """What refreshing says of an account; nothing else is written than the reserve."""
        (stated,) = self.run(self.world.refresh(user))
        assert isinstance(stated, exchange.MarginStated)
        return stated

    def seat(self, user: User, market: Pubkey | None = None) -> exchange.Seat | None:
        """The seat of a user, or None without one."""
        seats = self.world.seats(self.world.books[market or self.market])
        return next((seat for seat in seats if seat.account == user.account), None)

    def resting(self, market: Pubkey | None = None) -> list[tuple[int, int]]:
        """Price and lots of each order by rising price."""
        return [
            (order.id >> 40, order.lots)
            for order in self.world.orders(self.world.books[market or self.market])
        ]

    def fresh(self, user: User) -> Instruction:
        return self.world.refresh(user)

    def assert_whole(self) -> None:
        """The audit of all users' cash, legs and seats against the vault and the pools."""
        self.world.assert_whole()


def changed_fields(before: Any, after: Any) -> dict[str, tuple[Any, Any]]:
    """The fields in which two decoded accounts differ, before and after."""
    names = [field.name for field in fields(before)]
    return {
        name: (getattr(before, name), getattr(after, name))
        for name in names
        if getattr(before, name) != getattr(after, name)
    }
