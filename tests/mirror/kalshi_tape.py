"""A Kalshi tape shown in our book message by message, beside a book kept here from the raw JSON alone.

What the venue says of its best bid and ask, and what is compared with it:

* `orderbook_snapshot` and `orderbook_delta` say what rests. `RawBook` adds them up in decimals, and after
  each one our book must hold the same levels, all of them, and so the same best bid and ask.
* `trade` says at which price the best of the side met a taker. Its change of the book is the delta of the
  same millisecond, price and size on the maker's side, which comes before it or after; just before that
  delta our book's best must be that price.
* `ticker` would say both, but no tape has one.

Messages are taken in the file's order, which is that of `seq` within a subscription. Receive times are no
order to match by: some tapes were received before their messages were sent, by the recorder's clock.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from mirrored_book import Levels, MirroredBook

from secant_keeper.venues import Observation, recorded_depth

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ONE = Decimal(1)

Taken: TypeAlias = tuple[str, int, Decimal, Decimal]
"""The maker's side, milliseconds, the price on that side, and how much."""


class RawBook:
    """What rests, from the messages as they are printed: YES bids by price, and NO bids at 1 less theirs."""

    def __init__(self) -> None:
        self.levels = Levels()

    def apply(self, kind: str, message: dict[str, Any]) -> None:
        if kind == "orderbook_snapshot":
            yes, no = (
                {Decimal(price): Decimal(size) for price, size in message.get(f"{side}_dollars_fp", ())}
                for side in ("yes", "no")
            )
            self.levels = Levels(yes, {ONE - price: size for price, size in no.items()})
            return
        price = Decimal(message["price_dollars"])
        side = self.levels.bids if message["side"] == "yes" else self.levels.asks
        price = price if message["side"] == "yes" else ONE - price
        size = side.get(price, Decimal(0)) + Decimal(message["delta_fp"])
        assert size >= 0
        if size:
            side[price] = size
        else:
            del side[price]


@dataclass
class Compared:
    """What was compared.

    Attributes:
        messages: Snapshots and deltas after which our book was all of the venue's.
        quotes: How often the best bid or ask was another than after the message before.
        trades: Trades whose price was our best one before their delta.
        trades_elsewhere: Trades without such a delta.
        crossed_clocks: Messages received before they were sent.
        transactions: What our book took.
    """

    messages: int = 0
    quotes: int = 0
    trades: int = 0
    trades_elsewhere: int = 0
    crossed_clocks: int = 0
    transactions: int = 0


def lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt") as file:
        yield from map(json.loads, file)


def replay(path: Path, windows: Sequence[range]) -> Compared:
    """Shows the book messages with a number in `windows`, the first of the tape being 1."""
    found, raw, book = Compared(), RawBook(), MirroredBook()
    depths = recorded_depth("kalshi", path)
    took, traded = Counter[Taken](), Counter[Taken]()
    last_seq: dict[int, int] = {}
    best, number, is_shown = book.levels.best, 0, False
    for line in lines(path):
        kind, message = line["event"]["type"], line["event"]["msg"]
        if kind == "trade":
            if is_shown:
                traded[_traded(message)] += 1
            continue
        number += 1
        sid, seq = line["event"]["sid"], line["event"]["seq"]
        # A new connection starts with a snapshot and its own numbers.
        assert seq > last_seq.get(sid, 0) or kind == "orderbook_snapshot"
        last_seq[sid] = seq
        raw.apply(kind, message)
        item, depth = next(depths)
        assert isinstance(item, Observation)
        assert depth is not None
        is_shown = any(number in window for window in windows)
        if not is_shown:
            if all(number > window[-1] for window in windows):
                break
            continue
        if kind == "orderbook_delta":
            took.update(_taken(message, best))
            assert depth.source_time_ms == message["ts_ms"]
            found.crossed_clocks += line["recv_ms"] < message["ts_ms"]
        book.show(depth)
        shown = book.levels
        assert shown == raw.levels, (number, line)
        found.messages += 1
        found.quotes += shown.best != best
        best = shown.best
    found.transactions = book.transactions
    found.trades = (traded & took).total()
    found.trades_elsewhere = (traded - took).total()
    return found


def _taken(message: dict[str, Any], best: tuple[Decimal | None, Decimal | None]) -> list[Taken]:
    """What a delta takes, if it does so at our best price."""
    price, side = Decimal(message["price_dollars"]), message["side"]
    is_best = best[0] == price if side == "yes" else best[1] == ONE - price
    return [(side, message["ts_ms"], price, -Decimal(message["delta_fp"]))] if is_best else []


def _traded(message: dict[str, Any]) -> Taken:
    side = "no" if message["taker_side"] == "yes" else "yes"
    return side, message["ts_ms"], Decimal(message[f"{side}_price_dollars"]), Decimal(message["count_fp"])
