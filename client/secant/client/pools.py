"""Pools: creating, quoting, trading, closing. Every price is the program's: a quote runs it."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import create_idempotent_associated_token_account, mint_to
from spl.token.models import MintToParams

from secant import exchange
from secant.errors import AccountNotFound, InputError, ProgramError
from secant.units import atoms_of, collateral_of, limit_down, limit_up, lots_of, price_of, shares_of

from .events import EventMethods, outcome_of
from .receipts import NetReceipt, PoolReceipt, TradeReceipt
from .results import EventStatus, PoolKind, PoolView, Quote, Side
from .session import address_of, decoded, emitted
from .views import POOL_KINDS, event_status, pool_view

if TYPE_CHECKING:
    from secant.units import Number

    from .events import EventRef

__all__ = ["SLIPPAGE_DEFAULT", "PoolMethods"]

SLIPPAGE_DEFAULT: Final = Decimal("0.01")
_NO_LIMIT: Final = 2**64 - 1
_ATOMS_PER_LOT_MAX: Final = 10_000
_LOTS_MAX: Final = 2**62
_CREDIT_MAX: Final = 2**60
_SOME: Final = bytes((1, 0, 0, 0))  # tag of a mint authority that is set
_CREATE_POOL: Final = "create one: `secant pool create EVENT`, or `client.create_pool(event, liquidity)`"
_NO_SETS: Final = (
    "the pool has no complete sets to net",
    "there is nothing to do until it has sold, or bought, some of every outcome",
)
_OTHER_EVENT: Final = ("the pool belongs to another event", "`secant pool list EVENT` shows an event's pools")
# What a program says when a purchase is larger than the money, or the pool, allows.
_TOO_MUCH: Final = frozenset({"LimitExceeded", "PriceOutOfRange", "Overflow", "InsolventPool"})
_PRICE: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
_MICRO: Final = Decimal("0.000001")


class PoolMethods(EventMethods):
    """What one does with pools. Where no pool is named, the one with the best price is used."""

    async def pools(self, event: EventRef) -> tuple[PoolView, ...]:
        """The pools of an event, the most liquid first.

        Raises:
            AccountNotFound, ExchangeAmbiguous: as of `event`.
        """
        address, _ = await self._event(event)
        return await self._pools(address)

    async def create_pool(
        self, event: EventRef, liquidity: Number, kind: PoolKind | str = PoolKind.LMSR
    ) -> PoolReceipt:
        """Creates the wallet's pool for an event and funds it from the margin account.

        Args:
            event: The event.
            liquidity: Scale of the cost function in shares: an LMSR's b (its funding and greatest loss is
                b · ln outcomes), a pm-AMM's L.
            kind: `lmsr`, or `pm-amm` for events with 2 outcomes.

        Raises:
            UnitError: no such liquidity. InputError: no such kind.
            ProgramError: LiquidityInvalid, PoolKindInvalid, InsolventAccount, EventNotOpen, Paused.
            FrameworkError: the wallet has a pool for this event. Others as of `Chain.send`.
        """
        kinds = {view_kind: number for number, view_kind in POOL_KINDS.items()}
        if kind not in kinds:
            raise InputError(f"no pool kind {kind!r}", f"use one of {', '.join(kinds)}")
        liquidity_lots = lots_of(liquidity, "liquidity")
        address, _ = await self._event(event)
        instruction = exchange.create_pool(
            creator=self.wallet.address,
            exchange=self.exchange.address,
            account=self.account_address,
            event=address,
            kind=kinds[PoolKind(kind)],
            liquidity_lots=liquidity_lots,
        )
        made = ("a pool of this wallet for this event", "trade with it, or close it first")
        landed = await self._send(instruction, creates=made)
        created = emitted(landed, exchange.PoolCreated)
        return PoolReceipt(landed.signature, created.pool, collateral_of(created.funding_atoms))

    async def close_pool(self, event: EventRef, pool: Pubkey | str | None = None) -> PoolReceipt:
        """Closes a pool into its creator's margin account: its creator at any time, anyone once settled.

        Before the event is settled the account takes over the pool's position: it is short what the pool
        has sold.

        Args:
            event: The event.
            pool: The pool; the wallet's own unless given.

        Raises:
            AccountNotFound: there is no such pool.
            ProgramError: CreatorMismatch, InsolventAccount. Others as of `Chain.send`.
        """
        address, market = await self._event(event)
        own = exchange.find_pool(event=address, creator=self.wallet.address)
        pool_address = own if pool is None else address_of(pool, "pool")
        stored = await self._read("pool", pool_address, exchange.Pool, _CREATE_POOL)
        instruction = exchange.close_pool(
            creator=stored.creator,
            exchange=self.exchange.address,
            account=self._account_of(stored.creator),
            event=address,
            pool=pool_address,
        )
        if stored.creator == self.wallet.address:
            instruction = _signed_by(instruction, stored.creator)
        landed = await self._send(instruction)
        closed = emitted(landed, exchange.PoolClosed)
        settled = event_status(market.status) in {EventStatus.RESOLVED, EventStatus.VOID}
        sold_lots = () if settled else stored.sold_lots[: stored.outcomes]
        moved = tuple(shares_of(-lots) for lots in sold_lots)
        return PoolReceipt(landed.signature, closed.pool, collateral_of(closed.returned_atoms), moved)

    async def net_pool(self, event: EventRef, pool: Pubkey | str | None = None) -> NetReceipt:
        """Takes the complete sets out of what a pool has sold: no price changes, its numbers get small.

        Anyone may; it is never paused.

        Args:
            event: The event.
            pool: The pool; the wallet's own unless given.

        Raises:
            AccountNotFound: there is no such pool.
            ProgramError: AmountZero, EventSettled, PoolMismatch. Others as of `Chain.send`.
        """
        address, _ = await self._event(event)
        own = exchange.find_pool(event=address, creator=self.wallet.address)
        pool_address = own if pool is None else address_of(pool, "pool")
        await self._read("pool", pool_address, exchange.Pool, _CREATE_POOL)
        landed = await self._send(
            exchange.net_pool(event=address, pool=pool_address),
            explains={"AmountZero": _NO_SETS, "PoolMismatch": _OTHER_EVENT},
        )
        netted = emitted(landed, exchange.PoolNetted)
        return NetReceipt(landed.signature, netted.pool, shares_of(netted.lots))

    async def prices(self, event: EventRef, *, pool: Pubkey | str | None = None) -> tuple[Decimal, ...]:
        """What a share of each outcome costs at the margin, in order: a trial of 0.01 share, without the fee.

        Args:
            event: The event.
            pool: Which pool; the most liquid unless given.

        Returns:
            Prices from 0 to 1, each up to 0.0001 above the pool's own, as the program rounds.

        Raises:
            AccountNotFound: no such event, or no pool.
            ProgramError, RpcUnreachable, RpcRefused: as of `quote_buy`.
            TransactionRefused: the wallet holds no SOL, not even for a trial.
        """
        address, stored = await self._event(event)
        pool_address = (await self._candidates(address, pool))[0]
        trials = [await self._priced(address, pool_address, outcome, 1) for outcome in range(stored.outcomes)]
        return tuple(price_of(traded.cost_atoms) for traded in trials)  # of one lot, atoms are ticks

    async def quote_buy(
        self, event: EventRef, outcome: str | int, shares: Number, *, pool: Pubkey | str | None = None
    ) -> Quote:
        """What buying shares would cost now, by running the trade without sending it.

        The margin account need not hold the money, nor be open: the trial may run on credit.

        Args:
            event: The event.
            outcome: Which outcome, by label or index.
            shares: How many, at most 2 decimals.
            pool: Which pool; the cheapest unless given.

        Raises:
            UnitError, InputError: no such number of shares or outcome.
            AccountNotFound: no such event, or no pool.
            ProgramError: EventNotOpen, PriceOutOfRange, Paused, LegsFull.
            RpcUnreachable, RpcRefused: the node does not answer.
        """
        return await self._quote(event, outcome, lots_of(shares), pool)

    async def quote_sell(
        self, event: EventRef, outcome: str | int, shares: Number, *, pool: Pubkey | str | None = None
    ) -> Quote:
        """What selling shares would yield now; arguments and errors as of `quote_buy`.

        Shares that are not held are sold short: the margin account reserves what they may cost.
        """
        return await self._quote(event, outcome, -lots_of(shares), pool)

    async def quote_spend(
        self, event: EventRef, outcome: str | int, amount: Number, *, pool: Pubkey | str | None = None
    ) -> Quote:
        """The most shares that an amount buys now, fee included, by bisection over simulations.

        Args:
            event: The event.
            outcome: Which outcome, by label or index.
            amount: What to spend at most, in collateral.
            pool: Which pool; the most liquid unless given.

        Raises:
            InputError: the amount buys not even 0.01 share.
            UnitError, AccountNotFound, ProgramError: as of `quote_buy`.
        """
        limit_atoms = atoms_of(amount)
        address, stored = await self._event(event)
        index, label = outcome_of(stored, outcome)
        pool_address = (await self._candidates(address, pool))[0]

        async def bought(lots: int) -> exchange.PoolTraded | None:
            try:
                return await self._trial(address, pool_address, index, lots, limit_atoms)
            except ProgramError as error:
                if error.name in _TOO_MUCH:
                    return None
                raise

        low, best = 0, None
        # A lot costs at most its payout, so this many can be had unless the fee is in the way.
        high = max(limit_atoms // _ATOMS_PER_LOT_MAX, 1)
        while high <= _LOTS_MAX and (traded := await bought(high)) is not None:
            low, best, high = high, traded, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            traded = await bought(middle)
            if traded is None:
                high = middle
            else:
                low, best = middle, traded
        if best is None:
            raise InputError(f"{amount} buys not even 0.01 share", "spend more")
        return _quote_of(address, label, best)

    async def buy(
        self,
        event: EventRef,
        outcome: str | int,
        shares: Number,
        *,
        max_cost: Number | None = None,
        slippage: Number = SLIPPAGE_DEFAULT,
        pool: Pubkey | str | None = None,
    ) -> TradeReceipt:
        """Buys shares from a pool.

        Args:
            event: The event.
            outcome: Which outcome, by label or index.
            shares: How many, at most 2 decimals.
            max_cost: The most to pay, fee included.
            slippage: Without `max_cost`: how much more than the present quote to pay, as a fraction.
            pool: Which pool; the cheapest unless given.

        Raises:
            ProgramError: LimitExceeded, if the price has moved; others as of `quote_buy` and `Chain.send`.
        """
        limit = None if max_cost is None else atoms_of(max_cost, "max cost")
        return await self._trade(event, outcome, lots_of(shares), limit, slippage, pool)

    async def sell(
        self,
        event: EventRef,
        outcome: str | int,
        shares: Number,
        *,
        min_proceeds: Number | None = None,
        slippage: Number = SLIPPAGE_DEFAULT,
        pool: Pubkey | str | None = None,
    ) -> TradeReceipt:
        """Sells shares to a pool, short if they are not held.

        Args:
            event: The event.
            outcome: Which outcome, by label or index.
            shares: How many, at most 2 decimals.
            min_proceeds: The least to receive, fee deducted.
            slippage: Without `min_proceeds`: how much less than the present quote to accept, as a fraction.
            pool: Which pool; the best unless given.

        Raises:
            ProgramError: LimitExceeded, if the price has moved; others as of `quote_buy` and `Chain.send`.
        """
        limit = None if min_proceeds is None else atoms_of(min_proceeds, "min proceeds")
        return await self._trade(event, outcome, -lots_of(shares), limit, slippage, pool)

    async def spend(
        self, event: EventRef, outcome: str | int, amount: Number, *, pool: Pubkey | str | None = None
    ) -> TradeReceipt:
        """Buys the most shares that an amount pays for, fee included; never spends more.

        Arguments and errors as of `quote_spend`, and `Chain.send`.
        """
        quote = await self.quote_spend(event, outcome, amount, pool=pool)
        return await self.buy(event, outcome, quote.shares, max_cost=amount, pool=quote.pool)

    # --- for the methods ------------------------------------------------------------------------------------

    async def _pools(self, event: Pubkey) -> tuple[PoolView, ...]:
        found = await self.chain.program_accounts(
            exchange.PROGRAM_ID, exchange.Pool.DISCRIMINATOR, {exchange.Pool.OFFSETS["event"]: bytes(event)}
        )
        views = [pool_view(address, decoded(exchange.Pool, data)) for address, data in found.items()]
        return tuple(sorted(views, key=lambda view: (-view.liquidity, str(view.address))))

    async def _candidates(self, event: Pubkey, pool: Pubkey | str | None) -> list[Pubkey]:
        if pool is not None:
            return [address_of(pool, "pool")]
        pools = [view.address for view in await self._pools(event)]
        if not pools:
            raise AccountNotFound("pool", None, f"event {event} has none", _CREATE_POOL)
        return pools

    def _trade_instruction(
        self, event: Pubkey, pool: Pubkey, outcome: int, lots: int, limit_atoms: int
    ) -> Instruction:
        return exchange.trade_pool(
            owner=self.wallet.address,
            exchange=self.exchange.address,
            account=self.account_address,
            event=event,
            pool=pool,
            outcome=outcome,
            lots=lots,
            limit_atoms=limit_atoms,
        )

    async def _trial(
        self, event: Pubkey, pool: Pubkey, outcome: int, lots: int, limit_atoms: int
    ) -> exchange.PoolTraded:
        """Runs a trade without sending it."""
        instruction = self._trade_instruction(event, pool, outcome, lots, limit_atoms)
        return emitted(await self._simulate(instruction), exchange.PoolTraded)

    async def _priced(self, event: Pubkey, pool: Pubkey, outcome: int, lots: int) -> exchange.PoolTraded:
        """Runs a trade without a limit; on credit, if the margin account is missing or lacks the money."""
        limit_atoms = _NO_LIMIT if lots > 0 else 0
        try:
            return await self._trial(event, pool, outcome, lots, limit_atoms)
        except (AccountNotFound, ProgramError) as refusal:
            if isinstance(refusal, ProgramError) and refusal.name != "InsolventAccount":
                raise
            trade = self._trade_instruction(event, pool, outcome, lots, limit_atoms)
            credit = await self._credit(abs(lots), opens=isinstance(refusal, AccountNotFound))
            if not credit:
                raise
            simulated = await self.chain.simulate([*credit, trade], self.wallet.address)
            if isinstance(simulated.error, ProgramError):
                raise simulated.error from refusal
            if simulated.error is not None:
                raise
            return emitted(simulated, exchange.PoolTraded)

    async def _credit(self, lots: int, *, opens: bool) -> list[Instruction]:
        """Instructions that put twice the lots' face value into the margin account: for simulations only.

        They mint the collateral as its mint authority, whose signature a simulation does not ask for. None,
        if the collateral's supply is fixed.
        """
        owner, mint = self.wallet.address, self.exchange.mint
        account = await self.chain.account(mint)
        if account is None or account.data[:4] != _SOME:
            return []
        amount_atoms = min(2 * lots * _ATOMS_PER_LOT_MAX, _CREDIT_MAX)
        instructions = [
            create_idempotent_associated_token_account(owner, owner, mint),
            mint_to(
                MintToParams(
                    program_id=TOKEN_PROGRAM_ID,
                    mint=mint,
                    dest=self.collateral_address,
                    mint_authority=Pubkey.from_bytes(account.data[4:36]),
                    amount=amount_atoms,
                )
            ),
            exchange.deposit(
                depositor=owner,
                exchange=self.exchange.address,
                account=self.account_address,
                source=self.collateral_address,
                vault=self.exchange.vault,
                amount_atoms=amount_atoms,
            ),
        ]
        if opens:
            opening = exchange.open_account(
                payer=owner,
                owner=owner,
                exchange=self.exchange.address,
                account=self.account_address,
                index=self.account_index,
            )
            instructions.insert(0, opening)
        return instructions

    async def _quotes(
        self, address: Pubkey, index: int, label: str, lots: int, pools: list[Pubkey]
    ) -> list[Quote]:
        """Quotes of the pools that can do the trade; the refusal of the first, if none can."""
        quotes: list[Quote] = []
        refusal: ProgramError | None = None
        for pool in pools:
            try:
                traded = await self._priced(address, pool, index, lots)
            except ProgramError as error:
                refusal = refusal or error
            else:
                quotes.append(_quote_of(address, label, traded))
        if not quotes and refusal is not None:
            raise refusal
        return quotes

    async def _quote(
        self, event: EventRef, outcome: str | int, lots: int, pool: Pubkey | str | None
    ) -> Quote:
        address, stored = await self._event(event)
        index, label = outcome_of(stored, outcome)
        quotes = await self._quotes(address, index, label, lots, await self._candidates(address, pool))
        return min(quotes, key=lambda quote: quote.total if lots > 0 else -quote.total)

    async def _trade(
        self,
        event: EventRef,
        outcome: str | int,
        lots: int,
        limit_atoms: int | None,
        slippage: Number,
        pool: Pubkey | str | None,
    ) -> TradeReceipt:
        address, stored = await self._event(event)
        index, label = outcome_of(stored, outcome)
        pools = await self._candidates(address, pool)
        given_atoms, needs = limit_atoms, None
        if limit_atoms is None or len(pools) > 1:
            quotes = await self._quotes(address, index, label, lots, pools)
            best = min(quotes, key=lambda quote: quote.total if lots > 0 else -quote.total)
            pools, needs = [best.pool], best.total if lots > 0 else None
            if limit_atoms is None:
                bounded = limit_up if lots > 0 else limit_down
                limit_atoms = bounded(atoms_of(best.total), slippage)
        instruction = self._trade_instruction(address, pools[0], index, lots, limit_atoms)
        try:
            landed = await self._send(instruction, needs=needs)
        except ProgramError as error:
            if error.name == "LimitExceeded" and given_atoms is not None:
                priced = _quote_of(address, label, await self._priced(address, pools[0], index, lots))
                error.message, error.remedy = _beyond_limit(priced, given_atoms)
            raise
        traded = emitted(landed, exchange.PoolTraded)
        return TradeReceipt(landed.signature, _quote_of(address, label, traded))


def _quote_of(event: Pubkey, outcome: str, traded: exchange.PoolTraded) -> Quote:
    """A trade for people: what the program reports, with the sign of a sale turned."""
    is_buy = traded.lots > 0
    total = traded.cost_atoms + traded.fee_atoms
    shares = shares_of(abs(traded.lots))
    paid = collateral_of(total if is_buy else -total)
    return Quote(
        event=event,
        pool=traded.pool,
        outcome=outcome,
        side=Side.BUY if is_buy else Side.SELL,
        shares=shares,
        amount=collateral_of(traded.cost_atoms if is_buy else -traded.cost_atoms),
        fee=collateral_of(traded.fee_atoms),
        total=paid,
        price=_PRICE.quantize(_PRICE.divide(paid, shares), _MICRO),
    )


def _beyond_limit(quote: Quote, limit_atoms: int) -> tuple[str, str]:
    """What a trade with a limit would cost or yield now, and what to do about it."""
    limit = collateral_of(limit_atoms)
    what = f"{quote.shares:,f} {quote.outcome}"
    if quote.side is Side.BUY:
        return (
            f"{what} cost {quote.total:,f} now, more than the max cost of {limit:,f}",
            "allow more, or buy less",
        )
    return (
        f"{what} yield {quote.total:,f} now, less than the min proceeds of {limit:,f}",
        "accept less, or sell less",
    )


def _signed_by(instruction: Instruction, signer: Pubkey) -> Instruction:
    """The instruction with one of its accounts made a signer, which the IDL cannot say is optional."""
    metas = [
        AccountMeta(meta.pubkey, meta.is_signer or meta.pubkey == signer, meta.is_writable)
        for meta in instruction.accounts
    ]
    return Instruction(instruction.program_id, instruction.data, metas)
