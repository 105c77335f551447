"""A ledger with a perpetual over a feed, leveraged accounts, and a margin account of the keeper's own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from struct import pack
from typing import TYPE_CHECKING, Any

from keeper_world import BEGIN, SOL, World, padded, token_data
from solders.account import Account
from solders.instruction import AccountMeta
from solders.message import Message
from solders.token import ID as TOKEN_PROGRAM
from solders.transaction import Transaction

from perp_world import RULES, UNIT_ATOMS
from secant import exchange, oracle
from secant_keeper.config import PerpSettings
from secant_keeper.perps.audit import Audit, audit
from secant_keeper.perps.task import Task
from secant_keeper.state import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

    from secant_keeper.jobs import Work

UNITS_PER_TICK = 100
"""The feed's units are millionths of a dollar; a tick is a hundredth of a cent."""
PRICE = 10_000
DUST_MAX_ATOMS = 100
"""What the roundings of a test's few positions add up to, at most."""
BID, ASK = exchange.SIDE_BID, exchange.SIDE_ASK


@dataclass
class PerpKeeperWorld(World):
    """A world with one perpetual; the admin owns all accounts but the keeper's, and publishes unless told."""

    price_ticks: int = PRICE
    changes: dict[str, Any] = field(default_factory=dict)
    keeper_publishes: bool = False
    close_time: int = 0
    begin: int = BEGIN
    accounts: list[Pubkey] = field(default_factory=list)
    feeds: dict[Pubkey, Pubkey] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.ledger.set_unix_timestamp(self.begin)
        purse = token_data(self.mint, self.admin.pubkey(), 10**17)
        self.ledger.set_account(self.purse, Account(SOL, purse, TOKEN_PROGRAM))
        self.market = self.new_perp("LUNA", self.price_ticks, close_time=self.close_time, **self.changes)
        self.maker = self.open(10**9 * UNIT_ATOMS)
        self.taker = self.open(10**6 * UNIT_ATOMS, owner=self.keeper.pubkey(), index=0)

    @property
    def now(self) -> int:
        return self.ledger.unix_timestamp

    @property
    def book(self) -> Pubkey:
        return exchange.find_book(event=self.market, outcome=0)

    def task(self, **settings: Any) -> Task:
        chosen = {"exchange": self.exchange, "account_index": 0, **settings}
        return Task(self.keeper.pubkey(), PerpSettings(**chosen))

    def new_perp(self, name: str, price_ticks: int, *, close_time: int = 0, **changes: Any) -> Pubkey:
        feed = self.new_feed(f"of {name}", (self.keeper if self.keeper_publishes else self.admin).pubkey())
        market_id = padded(name, 32)
        market = exchange.find_market(exchange=self.exchange, market_id=market_id)
        self.feeds[market] = feed
        self.say(price_ticks, market)
        self.run(
            exchange.create_perp(
                admin=self.admin.pubkey(),
                exchange=self.exchange,
                feed=feed,
                market_id=market_id,
                rules=replace(RULES, **changes),
                close_time=close_time,
            )
        )
        return market

    def say(self, price_ticks: int, market: Pubkey | None = None) -> None:
        """A reading of a market's feed, now."""
        feed = self.feeds[self.market if market is None else market]
        value = price_ticks * UNITS_PER_TICK
        readings = pack("<qqq", self.now, value, value)
        publisher = (self.keeper if self.keeper_publishes else self.admin).pubkey()
        publish = oracle.publish(publisher=publisher, feed=feed, readings=readings)
        if self.keeper_publishes:
            self.land_as_keeper(publish)
        else:
            self.run(publish)

    def tick(self, price_ticks: int, market: Pubkey | None = None, *, seconds: int = 1) -> None:
        """Time passes, the feed says a price, and the market is brought up to date."""
        self.ledger.set_unix_timestamp(self.now + seconds)
        self.say(price_ticks, market)
        self.update(market)

    def update(self, market: Pubkey | None = None) -> None:
        key = self.market if market is None else market
        book = exchange.find_book(event=key, outcome=0)
        self.run(exchange.update_funding(market=key, feed=self.feeds[key], book=book))

    def open(self, deposit_atoms: int, *, owner: Pubkey | None = None, index: int | None = None) -> Pubkey:
        admin = self.admin.pubkey()
        whose, which = owner or admin, len(self.accounts) if index is None else index
        account = exchange.find_account(exchange=self.exchange, owner=whose, index=which)
        self.run(
            exchange.open_account(payer=admin, exchange=self.exchange, owner=whose, index=which),
            exchange.deposit(
                depositor=admin,
                exchange=self.exchange,
                account=account,
                source=self.purse,
                vault=exchange.find_vault(exchange=self.exchange),
                amount_atoms=deposit_atoms,
            ),
        )
        self.accounts.append(account)
        return account

    def place(
        self,
        account: Pubkey,
        side: int,
        lots: int,
        price_ticks: int,
        market: Pubkey | None = None,
        **more: Any,
    ) -> None:
        """One order of an account of the admin's."""
        self.run(
            *self._updates(account, market), self._trade(account, side, lots, price_ticks, market, **more)
        )

    def updating(self, market: Pubkey) -> Instruction:
        book = exchange.find_book(event=market, outcome=0)
        return exchange.update_funding(market=market, feed=self.feeds[market], book=book)

    def _others(self, account: Pubkey, market: Pubkey | None) -> list[exchange.PerpLeg]:
        key = self.market if market is None else market
        return [
            leg for leg in self.holder(account).perp_legs if leg.market in self.feeds and leg.market != key
        ]

    def _updates(self, account: Pubkey, market: Pubkey | None) -> list[Instruction]:
        """What makes an account's other legs known: their markets brought up to date, their seats drawn."""
        others = self._others(account, market)
        draws = [self.drawing(account, leg.market) for leg in others if leg.seat]
        # A draw elsewhere looks at this market, too.
        known = [leg.market for leg in others] + (
            [self.market if market is None else market] if draws else []
        )
        return [*map(self.updating, known), *draws]

    def drawing(self, account: Pubkey, market: Pubkey) -> Instruction:
        return exchange.draw_perp_seat(
            account=account,
            market=market,
            feed=self.feeds[market],
            book=exchange.find_book(event=market, outcome=0),
            remaining_accounts=self._metas(account, market),
        )

    def _metas(self, account: Pubkey, market: Pubkey | None) -> list[AccountMeta]:
        others = self._others(account, market)
        return [AccountMeta(leg.market, is_signer=False, is_writable=False) for leg in others]

    def _trade(
        self, account: Pubkey, side: int, lots: int, price_ticks: int, market: Pubkey | None, **more: Any
    ) -> Instruction:
        key = self.market if market is None else market
        chosen = {"kind": exchange.ORDER_LIMIT, "expires_at": 0, "reduce_only": False, **more}
        request = exchange.OrderRequest(
            client_id=0,
            lots=lots,
            price_ticks=price_ticks,
            meets_max=64,
            side=side,
            self_trade=exchange.SELF_TRADE_CANCEL_PROVIDE,
            **chosen,
        )
        return exchange.trade_perp(
            trader=self.admin.pubkey(),
            exchange=self.exchange,
            account=account,
            market=key,
            feed=self.feeds[key],
            book=exchange.find_book(event=key, outcome=0),
            request=request,
            remaining_accounts=self._metas(account, key),
        )

    def position(
        self, lots: int, deposit_atoms: int, market: Pubkey | None = None, *, account: Pubkey | None = None
    ) -> Pubkey:
        """An account that has taken signed lots from the maker, at the mark."""
        user = self.open(deposit_atoms) if account is None else account
        price = self.perp(market).mark_ticks
        self.place(self.maker, ASK if lots > 0 else BID, abs(lots), price, market)
        self.place(user, BID if lots > 0 else ASK, abs(lots), price, market, kind=exchange.ORDER_FILL_OR_KILL)
        return user

    def draw(self, account: Pubkey, market: Pubkey | None = None) -> None:
        key = self.market if market is None else market
        self.run(self.updating(key), *self._updates(account, key), self.drawing(account, key))

    def perp(self, market: Pubkey | None = None) -> exchange.PerpMarket:
        data = self.ledger.account_data(self.market if market is None else market)
        assert data is not None
        return exchange.PerpMarket.decode(data)

    def leg(self, account: Pubkey, market: Pubkey | None = None) -> exchange.PerpLeg | None:
        key = self.market if market is None else market
        return next((leg for leg in self.holder(account).perp_legs if leg.market == key), None)

    def lots(self, account: Pubkey, market: Pubkey | None = None) -> int:
        leg = self.leg(account, market)
        return 0 if leg is None else leg.position_lots

    def land_as_keeper(self, *instructions: Instruction) -> list[str]:
        """Land a transaction of the keeper's; its logs."""
        blockhash = self.ledger.latest_blockhash
        message = Message.new_with_blockhash(list(instructions), self.keeper.pubkey(), blockhash)
        outcome = self.ledger.send(Transaction([self.keeper], message, blockhash))
        assert outcome.err is None, outcome.logs
        return outcome.logs

    def land(self, works: Iterable[Work]) -> int:
        """Land pieces of work, one after the other, with an audit after each; how many there were."""
        count = 0
        for work in works:
            self.land_as_keeper(*work.instructions)
            found = self.audit()
            assert found.faults == ()
            assert all(0 <= atoms < DUST_MAX_ATOMS for atoms in found.dust_atoms.values())
            count += 1
        return count

    def audit(self, **changes: bytes) -> Audit:
        """The audit of what the chain holds, with `market`, `book` or an account's number otherwise."""
        accounts = {key: account.data for key, account in self.ledger.program_accounts(exchange.PROGRAM_ID)}
        vault = self.ledger.account_data(exchange.find_vault(exchange=self.exchange))
        assert vault is not None
        named = {"market": self.market, "book": self.book}
        named |= {f"account_{number}": key for number, key in enumerate(self.accounts)}
        accounts |= {named[name]: data for name, data in changes.items()}
        return audit(self.exchange, self.ledger.slot, vault, accounts)

    def take_in(self, state: State | None = None) -> State:
        """A state with everything as it is; one that is given is brought up to date."""
        state = State(publisher=self.keeper.pubkey()) if state is None else state
        for program in (oracle.PROGRAM_ID, exchange.PROGRAM_ID):
            present = self.ledger.program_accounts(program)
            for address, account in present:
                state.apply(address, program, account.data, self.ledger.slot)
            state.forget_missing(program, [address for address, _ in present], self.ledger.slot)
        return state
