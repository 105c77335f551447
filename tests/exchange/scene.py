"""An exchange in use, beside a foreign one: every account that could be passed in place of the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.transaction import Transaction
from solders.transaction_metadata import SimulatedTransactionInfo

from secant import exchange, oracle
from world import TOKEN_PROGRAM, User, World, builders, terms

from .refusals import Stage, emitted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DEPOSIT_ATOMS = 10**10
POOL_LOTS = 10_000
RECORD_END_S = 2_000


class Scene(Stage):
    """Alice and Mallory on one exchange, Alice on a foreign one too.

    `event` (two outcomes, settled by `judge`), `pool` and `book` are Alice's, `other_event`, `other_pool` and
    `other_book` are Mallory's; `record_event` is settled by `record`.
    """

    def __init__(self) -> None:
        world = World()
        super().__init__(world)
        self.own(world.admin, world.pauser)
        self.alice, self.mallory = self.new_user(DEPOSIT_ATOMS), self.new_user(DEPOSIT_ATOMS)
        self.judge, self.publisher = Keypair(), Keypair()
        self.own(self.judge, self.publisher)
        self.event = world.new_event(self.alice, resolver=self.judge.pubkey(), name="event")
        self.other_event = world.new_event(self.mallory, resolver=self.judge.pubkey(), name="other")
        self.pool = world.new_pool(self.alice, self.event, liquidity_lots=POOL_LOTS)
        self.other_pool = world.new_pool(self.mallory, self.other_event, liquidity_lots=POOL_LOTS)
        self.outcome_mint = world.new_outcome_mint(self.alice, self.event, 0)
        self.second_outcome_mint = world.new_outcome_mint(self.alice, self.event, 1)
        self.other_outcome_mint = world.new_outcome_mint(self.mallory, self.other_event, 0)
        self.tokens = world.new_token_account(self.outcome_mint, self.alice.key)
        self.mallory_tokens = world.new_token_account(self.outcome_mint, self.mallory.key)
        self.second_tokens = world.new_token_account(self.second_outcome_mint, self.alice.key)
        self.book = world.new_book(self.alice, self.event)
        self.other_book = world.new_book(self.mallory, self.other_event)
        self._add_records()
        self.foreign = World(svm=world.svm)
        self._add_foreign()
        self.addresses |= self._addresses()

    def _add_records(self) -> None:
        world = self.world
        self.feed = world.new_feed([self.publisher], name="feed")
        self.other_feed = world.new_feed([self.publisher], name="other feed")
        self.record_end = world.now + RECORD_END_S
        touch = terms(oracle.STATISTIC_TOUCH_UP, world.now, self.record_end, barrier=600_000)
        self.record = world.new_record(self.publisher, self.feed, touch)
        self.other_record = world.new_record(self.publisher, self.other_feed, touch)
        self.record_event = world.new_event(
            self.alice, resolver=self.record, resolver_kind=exchange.RESOLVER_RECORD, name="record event"
        )

    def _add_foreign(self) -> None:
        foreign = self.foreign
        self.own(foreign.admin, foreign.pauser)
        self.foreign_account = exchange.find_account(
            exchange=foreign.exchange_address, owner=self.alice.key, index=0
        )
        self.run(
            exchange.open_account(
                payer=self.alice.key, exchange=foreign.exchange_address, owner=self.alice.key, index=0
            )
        )
        self.foreign_wallet = foreign.new_token_account(foreign.mint, self.alice.key, DEPOSIT_ATOMS)
        self.foreign_alice = User(self.alice.keys, self.foreign_wallet, self.foreign_account)
        self.run(foreign.deposit(self.foreign_alice, DEPOSIT_ATOMS))
        self.foreign_event = foreign.new_event(
            self.foreign_alice, resolver=self.judge.pubkey(), name="foreign"
        )
        self.foreign_pool = foreign.new_pool(self.foreign_alice, self.foreign_event, liquidity_lots=POOL_LOTS)
        self.foreign_book = foreign.new_book(self.foreign_alice, self.foreign_event)

    def _addresses(self) -> dict[str, Pubkey]:
        world, foreign = self.world, self.foreign
        return {
            "exchange": world.exchange_address,
            "vault": world.vault,
            "treasury": world.treasury,
            "mint": world.mint,
            "admin": world.admin.pubkey(),
            "pauser": world.pauser.pubkey(),
            "alice": self.alice.key,
            "alice_account": self.alice.account,
            "alice_wallet": self.alice.wallet,
            "mallory": self.mallory.key,
            "mallory_account": self.mallory.account,
            "mallory_wallet": self.mallory.wallet,
            "judge": self.judge.pubkey(),
            "event": self.event,
            "other_event": self.other_event,
            "record_event": self.record_event,
            "pool": self.pool,
            "other_pool": self.other_pool,
            "book": self.book,
            "other_book": self.other_book,
            "outcome_mint": self.outcome_mint,
            "second_outcome_mint": self.second_outcome_mint,
            "other_outcome_mint": self.other_outcome_mint,
            "tokens": self.tokens,
            "mallory_tokens": self.mallory_tokens,
            "second_tokens": self.second_tokens,
            "feed": self.feed,
            "record": self.record,
            "other_record": self.other_record,
            "foreign_exchange": foreign.exchange_address,
            "foreign_vault": foreign.vault,
            "foreign_treasury": foreign.treasury,
            "foreign_mint": foreign.mint,
            "foreign_admin": foreign.admin.pubkey(),
            "foreign_pauser": foreign.pauser.pubkey(),
            "foreign_account": self.foreign_account,
            "foreign_wallet": self.foreign_wallet,
            "foreign_event": self.foreign_event,
            "foreign_pool": self.foreign_pool,
            "foreign_book": self.foreign_book,
            "token_program": TOKEN_PROGRAM,
            "system_program": Pubkey.default(),
            "oracle_program": oracle.PROGRAM_ID,
        }

    def quoted(self, *instructions: Instruction) -> list[Any]:
        """The events that a transaction would emit if it landed; nothing is written."""
        self.world.svm.expire_blockhash()
        signers = self.signers_of(instructions)
        message = Message(list(instructions), signers[0].pubkey())
        transaction = Transaction(signers, message, self.world.svm.latest_blockhash())
        outcome = self.world.svm.simulate_transaction(transaction)
        assert isinstance(outcome, SimulatedTransactionInfo), outcome
        return emitted(outcome.meta().logs())

    # People

    def new_user(self, deposit_atoms: int = 0) -> User:
        user = self.world.new_user(deposit_atoms=deposit_atoms)
        self.own(user.keys)
        return user

    # Instructions, correct unless the caller says otherwise

    def trade(self, user: User, outcome: int, lots: int, limit_atoms: int | None = None) -> Instruction:
        return self.world.trade(user, self.event, self.pool, outcome, lots, limit_atoms)

    def mint_set(self, user: User, lots: int, event: Pubkey | None = None) -> Instruction:
        return exchange.mint_set(
            owner=user.key,
            exchange=self.world.exchange_address,
            account=user.account,
            event=event or self.event,
            lots=lots,
        )

    def merge_set(self, user: User, lots: int, event: Pubkey | None = None) -> Instruction:
        return exchange.merge_set(owner=user.key, account=user.account, event=event or self.event, lots=lots)

    def redeem(self, user: User, event: Pubkey | None = None) -> Instruction:
        return exchange.redeem(account=user.account, event=event or self.event)

    def tokenize(self, user: User, lots: int, destination: Pubkey, outcome: int = 0) -> Instruction:
        return exchange.tokenize(
            owner=user.key,
            exchange=self.world.exchange_address,
            account=user.account,
            event=self.event,
            outcome_mint=exchange.find_outcome_mint(event=self.event, outcome=outcome),
            destination=destination,
            outcome=outcome,
            lots=lots,
        )

    def detokenize(self, user: User, lots: int, source: Pubkey, outcome: int = 0) -> Instruction:
        return exchange.detokenize(
            owner=user.key,
            account=user.account,
            event=self.event,
            outcome_mint=exchange.find_outcome_mint(event=self.event, outcome=outcome),
            source=source,
            outcome=outcome,
            lots=lots,
        )

    def redeem_tokens(self, user: User, lots: int, source: Pubkey, outcome: int = 0) -> Instruction:
        return exchange.redeem_tokens(
            holder=user.key,
            exchange=self.world.exchange_address,
            event=self.event,
            outcome_mint=exchange.find_outcome_mint(event=self.event, outcome=outcome),
            source=source,
            vault=self.world.vault,
            destination=user.wallet,
            outcome=outcome,
            lots=lots,
        )

    def close_pool(self, user: User, pool: Pubkey | None = None, event: Pubkey | None = None) -> Instruction:
        """Closes a pool of `user`, who signs."""
        closing = exchange.close_pool(
            creator=user.key,
            exchange=self.world.exchange_address,
            account=user.account,
            event=event or self.event,
            pool=pool or self.pool,
        )
        return signed(closing, user.key)

    def place(
        self, user: User, request: exchange.OrderRequest, event: Pubkey | None = None, outcome: int = 0
    ) -> Instruction:
        event = event or self.event
        return self.world.place(user, event, exchange.find_book(event=event, outcome=outcome), request)

    def take(
        self,
        user: User,
        request: exchange.OrderRequest,
        pool: Pubkey | None = None,
        *,
        builder: Pubkey | None = None,
        builder_fee_bps: int = 0,
    ) -> Instruction:
        """Takes from the book of `event` and, if one is named, a pool."""
        return self.world.take(user, self.event, self.book, request, pool, builder, builder_fee_bps)

    def take_tokens(
        self,
        user: User,
        request: exchange.OrderRequest,
        pool: Pubkey | None = None,
        *,
        outcome: int = 0,
        tokens: Pubkey | None = None,
        limit_atoms: int | None = None,
        builder: Pubkey | None = None,
        builder_fee_bps: int = 0,
    ) -> Instruction:
        """Trades a wallet's tokens of an outcome of `event` at its book, Alice's unless said otherwise."""
        buys = (request.side == exchange.SIDE_BID) == (outcome == 0)
        unlimited = 2**64 - 1 if buys else 0
        return exchange.take_tokens(
            holder=user.key,
            exchange=self.world.exchange_address,
            event=self.event,
            book=self.book,
            outcome_mint=exchange.find_outcome_mint(event=self.event, outcome=outcome),
            tokens=tokens or (self.second_tokens if outcome else self.tokens),
            collateral=user.wallet,
            vault=self.world.vault,
            outcome=outcome,
            request=request,
            limit_atoms=unlimited if limit_atoms is None else limit_atoms,
            builder_fee_bps=builder_fee_bps,
            pool=pool,
            remaining_accounts=builders(builder),
        )

    def replace(
        self,
        user: User,
        cancelled: Iterable[int],
        requests: Sequence[exchange.OrderRequest],
        event: Pubkey | None = None,
    ) -> Instruction:
        event = event or self.event
        book = exchange.find_book(event=event, outcome=0)
        return self.world.replace(user, event, book, cancellations(*cancelled), requests)

    def cancel(self, user: User, *order_ids: int, book: Pubkey | None = None) -> Instruction:
        return exchange.cancel_orders(
            owner=user.key,
            account=user.account,
            book=book or self.book,
            cancellations=cancellations(*order_ids),
        )

    def cancel_all(self, user: User, side: int | None = None, book: Pubkey | None = None) -> Instruction:
        return exchange.cancel_all(owner=user.key, account=user.account, book=book or self.book, side=side)

    def draw_seat(self, user: User, event: Pubkey | None = None, outcome: int = 0) -> Instruction:
        event = event or self.event
        book = exchange.find_book(event=event, outcome=outcome)
        return exchange.draw_seat(account=user.account, event=event, book=book)

    def crank_expired(self, event: Pubkey | None = None, outcome: int = 0) -> Instruction:
        event = event or self.event
        return exchange.crank_expired(event=event, book=exchange.find_book(event=event, outcome=outcome))

    def close_book(self, user: User, event: Pubkey | None = None, outcome: int = 0) -> Instruction:
        """Closes a book of `user`, who signs."""
        event = event or self.event
        closing = exchange.close_book(
            creator=user.key,
            exchange=self.world.exchange_address,
            event=event,
            book=exchange.find_book(event=event, outcome=outcome),
        )
        return signed(closing, user.key)

    def expand_book(self, seats: int, orders: int, book: Pubkey | None = None) -> Instruction:
        """Expands a book, paid for by Mallory."""
        return exchange.expand_book(
            payer=self.mallory.key, book=book or self.book, seats=seats, orders=orders
        )

    def collect_fees(self, *pairs: tuple[Pubkey, Pubkey]) -> Instruction:
        metas = [
            meta
            for pool, event in pairs
            for meta in (
                AccountMeta(pool, is_signer=False, is_writable=True),
                AccountMeta(event, is_signer=False, is_writable=False),
            )
        ]
        return exchange.collect_fees(
            exchange=self.world.exchange_address,
            vault=self.world.vault,
            treasury=self.world.treasury,
            remaining_accounts=metas,
        )

    def pause(self, bits: int) -> Instruction:
        return exchange.pause(
            pauser=self.world.pauser.pubkey(), exchange=self.world.exchange_address, pause_bits=bits
        )

    def unpause(self, bits: int) -> Instruction:
        return exchange.unpause(
            admin=self.world.admin.pubkey(), exchange=self.world.exchange_address, pause_bits=bits
        )

    def lock(self, locker: Pubkey, event: Pubkey | None = None) -> Instruction:
        return exchange.lock_event(locker=locker, event=event or self.event)

    def resolve(self, *payout_ticks: int, event: Pubkey | None = None) -> Instruction:
        return exchange.resolve_event(
            authority=self.judge.pubkey(),
            event=event or self.event,
            payout_ticks=[*payout_ticks, *([0] * (16 - len(payout_ticks)))],
        )

    def settle(self, *payout_ticks: int) -> None:
        """The judge locks `event` and resolves it."""
        self.run(self.lock(self.judge.pubkey()), self.resolve(*payout_ticks))

    def publish(self, value: int, width: int = 0) -> Instruction:
        return self.world.publish(self.publisher, [self.feed], [(self.world.now, value, value + width)])

    def observe(self) -> Instruction:
        return oracle.observe(feed=self.feed, record=self.record)

    def decide_record(self, value: int = 600_000) -> None:
        """Touches the barrier of `record`, unless `value` is below it."""
        self.run(self.publish(value), self.observe())

    # At the book of `event`

    def rest(self, user: User, *requests: exchange.OrderRequest) -> list[int]:
        """Places orders one by one and returns the numbers of what rests."""
        return [self.trade_book(user, request).placed[0].order_id for request in requests]

    def trade_book(self, user: User, request: exchange.OrderRequest) -> exchange.BookChanged:
        """Places one order and returns what it changed."""
        (changed,) = self.run(self.place(user, request))
        assert isinstance(changed, exchange.BookChanged)
        return changed

    def resting(self) -> list[tuple[int, int]]:
        """Price and lots of each order by rising price."""
        return [(order.id >> 40, order.lots) for order in self.world.orders(self.book)]

    def seat(self, user: User, book: Pubkey | None = None) -> exchange.Seat | None:
        """The seat of a user, or None without one."""
        found = [seat for seat in self.world.seats(book or self.book) if seat.account == user.account]
        assert len(found) <= 1
        return found[0] if found else None

    # Decoded state

    def exchange_state(self) -> exchange.Exchange:
        return exchange.Exchange.decode(self.world.data(self.world.exchange_address))

    def cash(self, user: User) -> int:
        return self.world.margin(user).cash_atoms

    def lots(self, user: User, event: Pubkey | None = None) -> tuple[int, ...] | None:
        """Positions in an event of two outcomes, or None without a leg."""
        legs = self.world.margin(user).event_legs
        found: list[Any] = [leg for leg in legs if leg.event == (event or self.event)]
        return tuple(found[0].lots[:2]) if found else None

    def leg(self, user: User, event: Pubkey | None = None) -> exchange.EventLeg | None:
        """The leg of an event, or None without one."""
        legs = self.world.margin(user).event_legs
        return next((leg for leg in legs if leg.event == (event or self.event)), None)

    def free(self, user: User) -> int:
        """Atoms that may be withdrawn."""
        margin = self.world.margin(user)
        return margin.cash_atoms + margin.floor_atoms

    def assert_funded(self, *users: User, event: Pubkey | None = None, pools: Iterable[Pubkey] = ()) -> None:
        """Fails unless the vault holds what is owed, and each outcome of an unsettled event has as many lots.

        All users with cash are Alice, Mallory and `users`; all pools are those of the scene, and `pools`.
        """
        event = event or self.event
        market = self.world.event(event)
        everyone = {user.account: user for user in (self.alice, self.mallory, *users)}.values()
        books = [exchange.find_book(event=event, outcome=outcome) for outcome in range(market.outcomes)]
        books = [book for book in books if self.world.exists(book)]
        pools = [pool for pool in (self.pool, self.other_pool, *pools) if self.world.exists(pool)]
        surplus = self.vault_surplus(*pools, books=books, events=(event,), users=tuple(everyone))
        assert surplus == 0
        held = [0] * market.outcomes
        for leg in filter(None, (self.leg(user, event) for user in everyone)):
            held = [lots + more for lots, more in zip(held, leg.lots, strict=False)]
        for book in books:
            held[self.world.book(book).outcome] += sum(seat.lots for seat in self.world.seats(book))
        for state in filter(lambda pool: pool.event == event, map(self.world.pool, pools)):
            held = [lots - sold for lots, sold in zip(held, state.sold_lots, strict=False)]
        held = [lots + more for lots, more in zip(held, market.tokenized_lots, strict=False)]
        if market.status < exchange.EVENT_RESOLVED:
            assert {lots * 10_000 for lots in held} == {market.escrow_atoms}

    def vault_surplus(
        self,
        *pools: Pubkey,
        books: Iterable[Pubkey] = (),
        events: tuple[Pubkey, ...],
        users: tuple[User, ...],
    ) -> int:
        """What the vault holds beyond cash, pools, books, fees and escrows; 0 after every instruction."""
        owed = sum(self.cash(user) for user in users) + self.exchange_state().fees_atoms
        owed += sum(self.world.event(event).escrow_atoms for event in events)
        for pool in pools:
            state = self.world.pool(pool)
            owed += state.cash_atoms + state.fees_atoms
        for book in books:
            owed += self.world.book(book).fees_atoms
            owed += sum(seat.cash_atoms for seat in self.world.seats(book))
        return self.world.token_amount(self.world.vault) - owed


def cancellations(*order_ids: int) -> list[exchange.Cancellation]:
    """Cancels orders by their numbers, without a hint."""
    return [exchange.Cancellation(order_id=order_id, hint=65_535) for order_id in order_ids]


def signed(instruction: Instruction, *keys: Pubkey) -> Instruction:
    """`instruction` with `keys` signing too."""
    metas = [
        AccountMeta(
            meta.pubkey, is_signer=meta.is_signer or meta.pubkey in keys, is_writable=meta.is_writable
        )
        for meta in instruction.accounts
    ]
    return Instruction(instruction.program_id, bytes(instruction.data), metas)
