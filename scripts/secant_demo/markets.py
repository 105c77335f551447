"""What is traded in the demo: the market itself, and six markets on its price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from secant import oracle

PPM: Final = 1_000_000
MAX_GAP_S: Final = 12 * 3600
"""The venue printed nothing overnight, for 11 hours at most: half a day counts as observed."""


def utc(text: str) -> int:
    """Unix seconds of a moment like `2024-11-06 12:00`, read as UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True)
class DerivativeMarket:
    """A market on the price of the event market.

    Attributes:
        name: Short name of its event.
        title: The question.
        statistic: One of the oracle's STATISTIC constants.
        level: Barrier of a touch, strike of the others, from 0 to 1.
        start: First second of its window.
        end: Last second of its window; trading stops then at the latest.
    """

    name: str
    title: str
    statistic: int
    level: Decimal
    start: int
    end: int

    @property
    def is_touch(self) -> bool:
        """Tell whether it watches a barrier."""
        return self.statistic in {oracle.STATISTIC_TOUCH_UP, oracle.STATISTIC_TOUCH_DOWN}

    @property
    def terms(self) -> oracle.RecordTerms:
        """The terms of its record, in millionths."""
        level = int(self.level * PPM)
        return oracle.RecordTerms(
            start=self.start,
            end=self.end,
            barrier=level if self.is_touch else 0,
            low=0 if self.is_touch else level,
            high=0,
            width_max=50_000,
            sustain_s=0,
            max_gap_s=MAX_GAP_S,
            grid_s=0,
            coverage_min_ppm=900_000,
            statistic=self.statistic,
            payout=oracle.PAYOUT_DIGITAL,
        )

    @property
    def terms_text(self) -> str:
        """The terms in a line."""
        window = f"{moment_text(self.start)} to {moment_text(self.end)}"
        percent = f"{(self.level * 100).normalize():f}"
        names = {
            oracle.STATISTIC_TOUCH_UP: f"touches {percent} %",
            oracle.STATISTIC_RANGE: f"range ≥ {percent} points",
            oracle.STATISTIC_AVERAGE: f"average ≥ {percent} %",
        }
        return f"{names[self.statistic]}, {window}, gaps up to {MAX_GAP_S // 3600} h count as covered"


def moment_text(unix_seconds: int) -> str:
    """A moment as `29 Oct 19:00`, UTC."""
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%-d %b %H:%M")


OPENING: Final = utc("2024-10-04 12:00")
"""An hour before the first recorded quote."""

OCTOBER_END: Final = utc("2024-11-01 00:00")
LOCK_TIME: Final = utc("2024-11-06 12:00")
SETTLEMENT_DEADLINE: Final = utc("2024-12-01 00:00")

PARENT_NAME: Final = "president-2024"
PARENT_TITLE: Final = "Does Donald Trump win the 2024 presidential election?"
PARENT_WINNER: Final = "YES"
"""The venue's own result, which the market's authority signs."""

DERIVATIVES: Final = (
    DerivativeMarket(
        "momentum-65",
        "Does the price touch 65 % before election day?",
        oracle.STATISTIC_TOUCH_UP,
        Decimal("0.65"),
        utc("2024-10-04 13:00"),
        utc("2024-11-05 00:00"),
    ),
    DerivativeMarket(
        "timing-90-midnight",
        "Does it reach 90 % before 6 November 00:00 UTC?",
        oracle.STATISTIC_TOUCH_UP,
        Decimal("0.90"),
        utc("2024-10-04 13:00"),
        utc("2024-11-06 00:00"),
    ),
    DerivativeMarket(
        "timing-90-noon",
        "Does it reach 90 % before 6 November 12:00 UTC?",
        oracle.STATISTIC_TOUCH_UP,
        Decimal("0.90"),
        utc("2024-10-04 13:00"),
        utc("2024-11-06 12:00"),
    ),
    DerivativeMarket(
        "range-15",
        "Does it swing 15 points in October?",
        oracle.STATISTIC_RANGE,
        Decimal("0.15"),
        utc("2024-10-04 13:00"),
        OCTOBER_END,
    ),
    DerivativeMarket(
        "range-20",
        "Does it swing 20 points in October?",
        oracle.STATISTIC_RANGE,
        Decimal("0.20"),
        utc("2024-10-04 13:00"),
        OCTOBER_END,
    ),
    DerivativeMarket(
        "average-55",
        "Is its average in October at least 55 %?",
        oracle.STATISTIC_AVERAGE,
        Decimal("0.55"),
        utc("2024-10-04 13:00"),
        OCTOBER_END,
    ),
)


@dataclass(frozen=True, slots=True)
class Order:
    """What a trader wants: positive shares buy, negative ones sell.

    Attributes:
        trader: Who.
        market: Name of the event.
        outcome: YES or NO.
        shares: How many.
    """

    trader: str
    market: str
    outcome: str
    shares: Decimal


@dataclass(frozen=True, slots=True)
class Act:
    """A stretch of the recording, and the orders before it.

    Attributes:
        title: What the traders think.
        until: Quotes before this moment are printed in this act.
        orders: What they do first.
    """

    title: str
    until: int
    orders: tuple[Order, ...]


def _order(trader: str, market: str, outcome: str, shares: int) -> Order:
    return Order(trader, market, outcome, Decimal(shares))


ACTS: Final = (
    Act(
        "4 October: opinions differ",
        utc("2024-10-18 00:00"),
        (
            _order("ada", PARENT_NAME, "YES", 400),
            _order("ben", PARENT_NAME, "NO", 350),
            _order("ada", "momentum-65", "YES", 250),
            _order("ben", "momentum-65", "NO", 300),
            _order("cyd", "range-15", "YES", 300),
            _order("cyd", "range-20", "YES", 120),
            _order("dan", "range-20", "NO", 260),
            _order("dan", "average-55", "NO", 200),
            _order("ada", "average-55", "YES", 180),
            _order("cyd", "timing-90-noon", "YES", 150),
            _order("dan", "timing-90-noon", "NO", 220),
        ),
    ),
    Act(
        "18 October: the price has moved",
        utc("2024-11-04 00:00"),
        (
            _order("ben", "momentum-65", "NO", -200),
            _order("dan", "average-55", "NO", -200),
            _order("dan", "average-55", "YES", 150),
            _order("ada", "timing-90-midnight", "YES", 160),
            _order("ben", "timing-90-midnight", "NO", 240),
            _order("cyd", PARENT_NAME, "YES", 200),
        ),
    ),
    Act(
        "4 November: the last two days",
        utc("2024-11-07 00:00"),
        (
            _order("dan", PARENT_NAME, "NO", 180),
            _order("ada", PARENT_NAME, "YES", -100),
            _order("cyd", "timing-90-noon", "YES", 200),
        ),
    ),
)

TRADERS: Final = ("ada", "ben", "cyd", "dan")
