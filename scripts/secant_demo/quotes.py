"""The recorded quotes, and recordings cut from them that a keeper can play."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from secant_demo.markets import utc

if TYPE_CHECKING:
    from collections.abc import Sequence

SERIES: Final = "PRES-2024-DJT"
_TABLE: Final = Path(__file__).parent / "kalshi_pres_2024.csv"


@dataclass(frozen=True, slots=True)
class HourlyQuote:
    """What the venue showed at an hour.

    Attributes:
        timestamp: The hour as printed, UTC.
        bid_cents: Best bid.
        ask_cents: Best ask.
    """

    timestamp: str
    bid_cents: int
    ask_cents: int

    @property
    def time(self) -> int:
        """The hour in Unix seconds."""
        return utc(self.timestamp)

    @property
    def mid(self) -> Decimal:
        """The middle, from 0 to 1."""
        return Decimal(self.bid_cents + self.ask_cents) / 200


def recorded_quotes() -> tuple[HourlyQuote, ...]:
    """All quotes of the table, in order."""
    lines = [line for line in _TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return tuple(
        HourlyQuote(row["timestamp"], int(row["bid_close"]), int(row["ask_close"]))
        for row in csv.DictReader(lines)
    )


def write_recording(folder: Path, quotes: Sequence[HourlyQuote]) -> Path:
    """A recording of the quotes in the venue's own candlestick format."""
    path = folder / f"{SERIES}_candlesticks.csv"
    lines = [f"{quote.timestamp},{quote.bid_cents},{quote.ask_cents}\n" for quote in quotes]
    path.write_text("timestamp,bid_close,ask_close\n" + "".join(lines), encoding="utf-8")
    return path
