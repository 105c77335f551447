"""What taking does beyond the order: a volume and its rate, a builder's fee, tokens for collateral."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from account_book import Change, Margin, Tokens
from invariant import demand

from secant import exchange
from world import SET_ATOMS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from account_book import AccountBook
    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

WINDOW_S = 30 * 86_400
# From which volume on a taker pays how many percent of the rate.
TIERS = ((1_000_000 * 10**6, 70), (100_000 * 10**6, 80), (10_000 * 10**6, 90), (0, 100))
ACCOUNT_PLACE = 2
# Where arguments lie; more bytes may follow: after the discriminator, an order has 30, its side after 26.
ORDER_END = 8 + 30
SIDE_AT = 8 + 1 + 26
LIMIT_AT = 8 + 1 + 30
TOKENS_PLACE, COLLATERAL_PLACE = 5, 6
WITH_ACCOUNT = {"place_order", "replace_orders", "take_order", "trade_pool"}
WITH_BUILDER = {"place_order", "take_order", "take_tokens"}


@dataclass(slots=True)
class Trades:
    """What one instruction traded, by its logs."""

    fee_bps: int = 0
    basis: int = 0
    orders: list[exchange.PlacedOrder] = field(default_factory=list)
    pooled: exchange.PoolTraded | None = None
    builder: exchange.BuilderPaid | None = None

    @classmethod
    def of(cls, ledger: AccountBook, logs: Iterable[str]) -> Trades:
        trades, mark = cls(), "Program data: "
        for line in logs:
            event = exchange.decode_event(b64decode(line.removeprefix(mark))) if mark in line else None
            if isinstance(event, exchange.BookChanged) and event.book in ledger.order_books.found:
                prices = [(row.order_id >> 40, row.lots) for row in event.fills]
                trades.basis += sum(lots * price * (SET_ATOMS - price) for price, lots in prices)
                trades.orders += event.placed
                trades.fee_bps = ledger.order_books.found[event.book].head.fee_bps
            elif isinstance(event, exchange.PoolTraded):
                trades.pooled = event
                trades.fee_bps = ledger.pools.found[event.pool].fee_bps
            elif isinstance(event, exchange.BuilderPaid):
                trades.builder = event
        return trades

    @property
    def traded(self) -> bool:
        return self.pooled is not None or any(row.filled_lots for row in self.orders)


def check_taking(
    ledger: AccountBook, landed: tuple[str, Instruction, list[str]], changes: list[Change], now: int
) -> None:
    """Checks an instruction that landed, named and with its logs: what it took, and whose volume grew."""
    name, instruction, logs = landed
    by_key = {change.key: change for change in changes}
    taking = name in WITH_ACCOUNT | WITH_BUILDER
    taker = instruction.accounts[ACCOUNT_PLACE].pubkey if name in WITH_ACCOUNT else None
    for key, change in by_key.items():
        if key != taker and isinstance(change.old, Margin) and isinstance(change.new, Margin):
            demand(_volume(change.old) == _volume(change.new), "who takes nothing gains no volume", key)
    if not taking:
        return
    trades = Trades.of(ledger, logs)
    change = by_key.get(taker) if taker is not None else None
    percent, added = 100, None
    if change is not None and isinstance(change.old, Margin) and isinstance(change.new, Margin):
        percent, added = _check_volume(change.key, change.old.raw, change.new.raw, trades, now)
    if trades.pooled is None and len(trades.orders) == 1:
        _check_fee(trades, percent)
    if name in WITH_BUILDER:
        _check_builder(instruction, trades, by_key, added)
    if name == "take_tokens":
        _check_tokens(instruction, trades, by_key)


def _volume(margin: Margin) -> tuple[int, int]:
    return margin.raw.volume_atoms, margin.raw.volume_time


def _check_volume(
    key: Pubkey, old: exchange.MarginAccount, new: exchange.MarginAccount, trades: Trades, now: int
) -> tuple[int, int]:
    """The percentage of the rate that was due, and what the volume grew by after it wore off."""
    left = old.volume_atoms * max(0, WINDOW_S - max(0, now - old.volume_time)) // WINDOW_S
    percent = next(percent for least, percent in TIERS if left >= least)
    if not trades.traded:
        kept = (old.volume_atoms, old.volume_time) == (new.volume_atoms, new.volume_time)
        demand(kept, "who takes nothing gains no volume", key, old, new)
        return percent, 0
    added = new.volume_atoms - left
    demand(new.volume_time == now, "a volume is of its last trade's time", key, new.volume_time, now)
    least = trades.basis // SET_ATOMS - max(0, len(trades.orders) - 1)
    most = trades.basis // SET_ATOMS
    if (pooled := trades.pooled) is not None:
        # The pool's fee is the rate of its volume rounded up, and no more than a sale yields.
        bps = _share_up(trades.fee_bps, percent)
        if bps and (pooled.fee_atoms < abs(pooled.cost_atoms) or pooled.lots > 0):
            least += max(0, (pooled.fee_atoms - 1) * 10_000 // bps - 1)
            most += pooled.fee_atoms * 10_000 // bps
        else:
            most = max(most, added)
    demand(least <= added <= most, "a volume is what was taken", key, (least, most), added, trades)
    return percent, added


def _share_up(bps: int, percent: int) -> int:
    return -(-bps * percent // 100)


def _check_fee(trades: Trades, percent: int) -> None:
    (row,) = trades.orders
    fee = -(-trades.basis * _share_up(trades.fee_bps, percent) // (SET_ATOMS * SET_ATOMS))
    demand(row.fee_atoms == fee, "a taker pays the rate of its volume", row, percent, fee)


def _check_builder(
    instruction: Instruction, trades: Trades, by_key: dict[Pubkey, Change], added: int | None
) -> None:
    """`added` is the volume, of a taker with an account; a wallet's instruction has more before the rate."""
    at = ORDER_END if added is not None else LIMIT_AT + 8
    bps = int.from_bytes(bytes(instruction.data)[at : at + 2], "little")
    paid = trades.builder
    if paid is None:
        untouched = not bps or not added
        demand(untouched, "a builder is paid for what is taken", bps, added)
        return
    demand(0 < bps <= exchange.BUILDER_FEE_MAX_BPS, "a builder's fee is at most 100 bps", bps)
    if added is not None:
        due = -(-added * bps // 10_000)
        demand(paid.amount_atoms == due, "a builder is paid of the volume", paid, bps, added)
    change = by_key[paid.builder]
    assert isinstance(change.old, Margin)
    assert isinstance(change.new, Margin)
    gained = change.new.cash_atoms - change.old.cash_atoms
    demand(gained == paid.amount_atoms, "a builder gets what is paid", paid, gained)


def _check_tokens(instruction: Instruction, trades: Trades, by_key: dict[Pubkey, Change]) -> None:
    """Lots and atoms in the wallet, and the holder's limit."""
    data = bytes(instruction.data)
    outcome, side, limit_atoms = (
        data[8],
        data[SIDE_AT],
        int.from_bytes(data[LIMIT_AT : LIMIT_AT + 8], "little"),
    )
    moved = []
    for place in (TOKENS_PLACE, COLLATERAL_PLACE):
        change = by_key.get(instruction.accounts[place].pubkey)
        old, new = (change.old, change.new) if change is not None else (None, None)
        held = isinstance(old, Tokens) and isinstance(new, Tokens)
        moved.append(new.amount - old.amount if held else 0)  # type: ignore[union-attr]
    lots, atoms = moved
    (row,) = trades.orders
    builder_atoms = 0 if trades.builder is None else trades.builder.amount_atoms
    filled_lots, paid_atoms, fees = row.filled_lots, row.paid_atoms, row.fee_atoms + builder_atoms
    if (pooled := trades.pooled) is not None:
        filled_lots += abs(pooled.lots)
        paid_atoms += abs(pooled.cost_atoms)
        fees += pooled.fee_atoms
    demand(abs(lots) == filled_lots, "tokens move as lots are filled", lots, row)
    if lots == 0:
        demand(atoms == 0, "nothing filled, nothing paid", atoms)
        return
    bought = lots > 0
    plain = bought == (side == exchange.SIDE_BID)
    gross = paid_atoms if plain else SET_ATOMS * filled_lots - paid_atoms
    due = -(gross + fees) if bought else gross - fees
    demand(atoms == due, "a wallet pays what was traded and the fees", outcome, atoms, due, row)
    within = -atoms <= limit_atoms if bought else atoms >= limit_atoms
    demand(within, "a wallet's limit holds", limit_atoms, atoms)
