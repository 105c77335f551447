"""Whether an exchange holds what it owes, worked out of its accounts as they stood in one slot.

What the vault holds beyond that is somebody's gift and no fault: anyone may send tokens to a vault.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from secant import exchange
from secant.perp_margin import owed_up, returned_down, seat_returned_down
from secant_keeper.books import BookAccount
from secant_keeper.perps.account import legs_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from solders.pubkey import Pubkey

TOKEN_AMOUNT_AT: Final = 64
TOKEN_AMOUNT_END: Final = 72


class Amount(NamedTuple):
    """A position as far as an audit counts it.

    Attributes:
        lots: Signed size.
        claim_atoms: What it is owed, but for its lots: its quote, funding and losses settled.
    """

    lots: int
    claim_atoms: int


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    Attributes:
        slot: The slot it is of.
        vault_atoms: What the vault holds.
        owed_atoms: What the exchange owes of it.
        dust_atoms: What each perpetual's pool has beyond what it owes, by market; roundings, never negative.
        faults: What does not add up, one line each; empty if all does.
    """

    slot: int
    vault_atoms: int
    owed_atoms: int
    dust_atoms: dict[Pubkey, int]
    faults: tuple[str, ...]


def audit(address: Pubkey, slot: int, vault: bytes, accounts: Mapping[Pubkey, bytes]) -> Audit:
    """Add up one exchange.

    Args:
        address: The exchange.
        slot: The slot in which everything was read.
        vault: Its vault's bytes.
        accounts: The bytes of every account of the program, by address.

    Raises:
        DecodeError: An account is none that this keeper knows: then nothing can be said.
    """
    ledger = _Ledger(address, {key: _decoded(key, data) for key, data in accounts.items()})
    vault_atoms = int.from_bytes(vault[TOKEN_AMOUNT_AT:TOKEN_AMOUNT_END], "little")
    owed_atoms = ledger.owed_atoms()
    faults, dust_atoms = [], {}
    if vault_atoms < owed_atoms:
        faults.append(f"the vault lacks {owed_atoms - vault_atoms} atoms of what is owed")
    for key, market in ledger.markets.items():
        dust_atoms[key] = _dust_atoms(market, ledger.positions[key])
        found = _faults(market, ledger.positions[key], dust_atoms[key])
        faults += [f"perpetual {key}: {fault}" for fault in found]
    return Audit(slot, vault_atoms, owed_atoms, dust_atoms, tuple(faults))


def _decoded(address: Pubkey, data: bytes) -> object:
    one: object = exchange.decode_account(data)
    return BookAccount.decode(address, data) if isinstance(one, exchange.Book) else one


class _Ledger:
    """What one exchange's accounts hold."""

    def __init__(self, address: Pubkey, accounts: Mapping[Pubkey, object]) -> None:
        of = [(key, one) for key, one in accounts.items() if getattr(one, "exchange", None) == address]
        self.desk = accounts.get(address)
        self.margins = [one for _, one in of if isinstance(one, exchange.MarginAccount)]
        self.markets = {key: one for key, one in of if isinstance(one, exchange.PerpMarket)}
        self.events = {key: one for key, one in of if isinstance(one, exchange.EventMarket)}
        books = [one for one in accounts.values() if isinstance(one, BookAccount)]
        self.books = [one for one in books if one.head.exchange == address]
        pools = [one for one in accounts.values() if isinstance(one, exchange.Pool)]
        self.pools = [one for one in pools if one.event in self.events]
        self.positions = self._positions()

    def owed_atoms(self) -> int:
        """Everything that the vault is to hold."""
        fees_atoms = self.desk.fees_atoms if isinstance(self.desk, exchange.Exchange) else 0
        books = sum(
            book.head.fees_atoms + sum(seat.cash_atoms for _, seat in book.filled)
            for book in self.books
            if book.head.event in self.events
        )
        return (
            fees_atoms
            + books
            + sum(account.cash_atoms for account in self.margins)
            + sum(event.escrow_atoms for event in self.events.values())
            + sum(pool.cash_atoms + pool.fees_atoms for pool in self.pools)
            + sum(one.pool_atoms + one.insurance_atoms + one.fees_atoms for one in self.markets.values())
        )

    def _positions(self) -> defaultdict[Pubkey, list[Amount]]:
        """Every leg and every seat, by market."""
        found: defaultdict[Pubkey, list[Amount]] = defaultdict(list)
        for account in self.margins:
            for leg in legs_of(account):
                market = self.markets.get(leg.market)
                if market is not None:
                    indices = (leg.funding_index, leg.loss_index)
                    quote_atoms = leg.quote_atoms + returned_down(leg, market)
                    found[leg.market].append(_amount(market, leg.position_lots, quote_atoms, *indices))
        for book in self.books:
            market = self.markets.get(book.head.event)
            if market is None:
                continue
            for _, seat in book.filled:
                indices = (seat.funding_index, seat.loss_index)
                quote_atoms = seat.cash_atoms + seat_returned_down(seat, market)
                found[book.head.event].append(_amount(market, seat.lots, quote_atoms, *indices))
        return found


def _amount(
    market: exchange.PerpMarket, lots: int, quote_atoms: int, funding_index: int, loss_index: int
) -> Amount:
    return Amount(lots, quote_atoms - owed_up(market, lots, funding_index, loss_index))


def _dust_atoms(market: exchange.PerpMarket, positions: Iterable[Amount]) -> int:
    """What the pool has beyond all claims.

    Lots cancel out, so the price does not matter, but in a closed market, which positions leave one by one.
    """
    owed_atoms = market.fees_due_atoms + market.insurance_due_atoms
    claims = sum(one.lots * market.settlement_ticks + one.claim_atoms for one in positions)
    return market.pool_atoms - owed_atoms - claims


def _faults(market: exchange.PerpMarket, positions: list[Amount], dust_atoms: int) -> Iterable[str]:
    lots = sum(one.lots for one in positions)
    long_lots = sum(max(one.lots, 0) for one in positions)
    if lots != 0 and not market.settlement_ticks:
        yield f"longs and shorts differ by {lots} lots"
    if long_lots != market.open_lots:
        yield f"{long_lots} lots are long, and {market.open_lots} are counted"
    if dust_atoms < 0:
        yield f"the pool lacks {-dust_atoms} atoms of what it owes"
