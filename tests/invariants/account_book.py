"""All accounts of a marketplace as they were last seen, and the identities that hold over them together."""

from __future__ import annotations

import struct
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Generic, TypeVar

from invariant import demand
from order_books import OrderBook, check_reserves, worths_atoms
from solders.pubkey import Pubkey

from secant import exchange, oracle
from world import SET_ATOMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from solders.account import Account
    from solders.litesvm import LiteSVM

T = TypeVar("T")
UNSETTLED = (exchange.EVENT_OPEN, exchange.EVENT_LOCKED)


@dataclass(frozen=True, slots=True)
class Margin:
    """A margin account; `legs` are the occupied ones of events, `perps` those of perpetuals."""

    desk: Pubkey
    owner: Pubkey
    cash_atoms: int
    free_atoms: int
    legs: dict[Pubkey, tuple[int, ...]]
    perps: dict[Pubkey, exchange.PerpLeg]
    raw: exchange.MarginAccount

    @classmethod
    def decode(cls, data: bytes) -> Margin:
        raw = exchange.MarginAccount.decode(data)
        legs = {leg.event: leg.lots for leg in raw.event_legs if leg.event != Pubkey.default()}
        perps = {leg.market: leg for leg in raw.perp_legs if leg.market != Pubkey.default()}
        free_atoms = raw.cash_atoms + raw.floor_atoms
        return cls(raw.exchange, raw.owner, raw.cash_atoms, free_atoms, legs, perps, raw)


@dataclass(frozen=True, slots=True)
class Tokens:
    """A token account."""

    mint: Pubkey
    owner: Pubkey
    amount: int

    @classmethod
    def decode(cls, data: bytes) -> Tokens:
        amount: int = struct.unpack_from("<Q", data, 64)[0]
        return cls(Pubkey.from_bytes(data[:32]), Pubkey.from_bytes(data[32:64]), amount)


@dataclass(frozen=True, slots=True)
class MintSupply:
    """A mint."""

    lots: int

    @classmethod
    def decode(cls, data: bytes) -> MintSupply:
        lots: int = struct.unpack_from("<Q", data, 36)[0]
        return cls(lots)


@dataclass(slots=True)
class Shelf(Generic[T]):
    """The accounts of one kind that exist, decoded."""

    kind: str
    decode: Callable[[bytes], T]
    found: dict[Pubkey, T] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """An account before and after an instruction, decoded; None where it does not exist."""

    kind: str
    key: Pubkey
    old: object | None
    new: object | None


def perps_moved(change: Change) -> bool:
    """Whether a margin account's perpetuals changed; `perp_checks` says what else may with them."""
    old, new = change.old, change.new
    return isinstance(old, Margin) and isinstance(new, Margin) and old.perps != new.perps


@lru_cache(maxsize=4096)
def outcome_mint(event: bytes, outcome: int) -> Pubkey:
    return exchange.find_outcome_mint(event=Pubkey.from_bytes(event), outcome=outcome)


@lru_cache(maxsize=1024)
def book_of(event: bytes, outcome: int = 0) -> Pubkey:
    """The book of an event's outcome, or of a perpetual."""
    return exchange.find_book(event=Pubkey.from_bytes(event), outcome=outcome)


class AccountBook:
    """The accounts that are watched, in the order in which they came to be known."""

    def __init__(self, svm: LiteSVM) -> None:
        self.svm = svm
        self.exchanges = Shelf("exchange", exchange.Exchange.decode)
        self.margins = Shelf("margin", Margin.decode)
        self.events = Shelf("event", exchange.EventMarket.decode)
        self.pools = Shelf("pool", exchange.Pool.decode)
        self.order_books = Shelf("order book", OrderBook.decode)
        self.perps = Shelf("perpetual", exchange.PerpMarket.decode)
        self.perp_books = Shelf("order book", OrderBook.decode)
        self.triggers = Shelf("trigger", exchange.TriggerOrder.decode)
        self.feeds = Shelf("feed", oracle.Feed.decode)
        self.perp_feeds = Shelf("feed", oracle.Feed.decode)
        self.records = Shelf("record", oracle.Record.decode)
        self.collateral = Shelf("collateral", Tokens.decode)
        self.outcome_tokens = Shelf("outcome tokens", Tokens.decode)
        self.supplies = Shelf("outcome mint", MintSupply.decode)
        self._shelf_of: dict[Pubkey, Shelf[object]] = {}
        self._seen: dict[Pubkey, Account | None] = {}
        self.gifts_atoms: dict[Pubkey, int] = defaultdict(int)
        self._worths_atoms: dict[Pubkey, int] = {}

    def watch(self, shelf: Shelf[T], key: Pubkey) -> Pubkey:
        """Follows an account from now on; it need not exist yet."""
        if key not in self._seen:
            self._shelf_of[key] = shelf  # type: ignore[assignment]
            account = self.svm.get_account(key)
            self._seen[key] = account
            if account is not None:
                shelf.found[key] = shelf.decode(account.data)
        return key

    def kind_of(self, key: Pubkey) -> str | None:
        shelf = self._shelf_of.get(key)
        return None if shelf is None else shelf.kind

    def perp_book_of(self, market: Pubkey) -> OrderBook | None:
        """The book of a perpetual."""
        return self.perp_books.found.get(book_of(bytes(market)))

    def known(self) -> list[Pubkey]:
        return list(self._seen)

    def changed(self) -> list[Pubkey]:
        """The watched accounts whose bytes, lamports or owner are not as last seen."""
        get = self.svm.get_account
        return [key for key, account in self._seen.items() if get(key) != account]

    def refresh(self) -> list[Change]:
        """Takes the chain's present state in and tells what is new."""
        changes = []
        for key in self.changed():
            shelf = self._shelf_of[key]
            account = self.svm.get_account(key)
            self._seen[key] = account
            old = shelf.found.pop(key, None)
            exists = account is not None and account.lamports > 0
            new = shelf.decode(account.data) if account is not None and exists else None
            if new is not None:
                shelf.found[key] = new
            changes.append(Change(shelf.kind, key, old, new))
        return changes

    def note_gift(self, change: Change, passed: set[Pubkey] | None) -> None:
        """Keeps apart what a vault got without its exchange's part in it: anyone may send tokens anywhere."""
        if passed is None or not isinstance(change.old, Tokens) or not isinstance(change.new, Tokens):
            return
        if change.new.owner in self.exchanges.found and change.new.owner not in passed:
            gift_atoms = change.new.amount - change.old.amount
            demand(gift_atoms > 0, "an exchange has a part in what leaves its vault", change.key, gift_atoms)
            self.gifts_atoms[change.key] += gift_atoms

    def collateral_total(self) -> int:
        """Atoms in all vaults, wallets and treasuries."""
        return sum(tokens.amount for tokens in self.collateral.found.values())

    def check_identities(self) -> None:
        """Every vault and every event, to the atom."""
        held: dict[Pubkey, list[tuple[int, ...]]] = defaultdict(list)
        owed: dict[Pubkey, int] = defaultdict(int)
        for margin in self.margins.found.values():
            owed[margin.desk] += margin.cash_atoms
            for leg, lots in margin.legs.items():
                held[leg].append(lots)
        for pool in self.pools.found.values():
            owed[self.events.found[pool.event].exchange] += pool.cash_atoms + pool.fees_atoms
            held[pool.event].append(tuple([-lots for lots in pool.sold_lots]))
        for book in self.order_books.found.values():
            head = book.head
            owed[head.exchange] += head.fees_atoms + sum(seat.cash_atoms for seat in book.seats.values())
            filled = [0] * 16
            filled[head.outcome] = sum(seat.lots for seat in book.seats.values())
            held[head.event].append(tuple(filled))
        for perp in self.perps.found.values():
            owed[perp.exchange] += perp.pool_atoms + perp.insurance_atoms + perp.fees_atoms
        for key, event in self.events.found.items():
            owed[event.exchange] += event.escrow_atoms
            self._check_event(key, event, held[key])
        for key, desk in self.exchanges.found.items():
            vault_atoms = self.collateral.found[desk.vault].amount
            demand(
                vault_atoms == owed[key] + desk.fees_atoms + self.gifts_atoms[desk.vault],
                "the vault holds what the exchange owes",
                vault_atoms,
                owed[key],
                desk.fees_atoms,
                self.gifts_atoms[desk.vault],
            )

    def check_order_books(self, changes: list[Change], signers: set[Pubkey] | None) -> None:
        """Books, seats and legs together; without `signers` anybody may have signed."""
        if not any(change.kind in {"order book", "margin"} for change in changes):
            return
        check_reserves(self)
        worths, before = worths_atoms(self), self._worths_atoms
        settled = {change.key for change in changes if perps_moved(change)}
        self._worths_atoms = worths
        for key, atoms in worths.items():
            owner = self.margins.found[key].owner
            demand(atoms >= 0, "an account is solvent with its seats drawn", key, atoms)
            if signers is not None and owner not in signers and key in before and key not in settled:
                demand(atoms >= before[key], "nobody else makes seats poorer", key, before[key], atoms)

    def _check_event(
        self, key: Pubkey, event: exchange.EventMarket, positions: list[tuple[int, ...]]
    ) -> None:
        count = event.outcomes
        tokenized = event.tokenized_lots[:count]
        totals = [sum(lots) for lots in zip(*positions, tokenized, strict=False)]
        if event.status in UNSETTLED:
            sets_atoms = [SET_ATOMS * lots for lots in totals]
            demand(
                all(atoms == event.escrow_atoms for atoms in sets_atoms),
                "as many lots of each outcome as sets in escrow",
                key,
                totals,
                event.escrow_atoms,
            )
        else:
            remaining = sum(
                lots * ticks for lots, ticks in zip(totals, event.payout_ticks[:count], strict=True)
            )
            demand(
                remaining == event.escrow_atoms,
                "a settled event's escrow is what its holders have yet to get",
                key,
                remaining,
                event.escrow_atoms,
            )
        for outcome, lots in enumerate(tokenized):
            supply = self.supplies.found.get(outcome_mint(bytes(key), outcome))
            demand(
                lots == (supply.lots if supply is not None else 0),
                "tokenized lots are the mint's supply",
                key,
                outcome,
                lots,
                supply,
            )
        demand(not any(event.tokenized_lots[count:]), "no tokens beyond the outcomes", key)
