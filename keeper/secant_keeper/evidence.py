"""A record's evidence in the words of a report: exact decimals, ISO times.

Everything is read from the account; only the tail to the window's end and the divisions for display are
computed here, by the definitions of ARCHITECTURE.md's "Observation" section.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from secant import oracle

if TYPE_CHECKING:
    from secant_keeper.terms import Term

DISPLAY_DECIMALS = 12
"""An average or a coverage that does not end is rounded half to even at this many decimals."""

TICKS_PER_UNIT = 10_000
_NEVER = -(2**63)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a record says about one term; prices and shares are plain decimal strings.

    Attributes:
        name: The term's name.
        outcome: "yes" or "no" for a touch or a strike, "value" without a strike, "void".
        value: The statistic; None for a touch or a void.
        payout: What one share of YES and of NO pay.
        first_passage: When a touch was proven, ISO 8601 UTC.
        samples_seen: Rows of the series with a time inside the window.
        samples_accepted: Samples the record took in.
        min: Least accepted value.
        max: Greatest accepted value.
        average: Time-weighted average over covered time; None without any.
        coverage: Covered share of the window.
        longest_gap_s: Longest interval between consecutive accepted samples.
    """

    name: str
    outcome: str
    value: str | None
    payout: tuple[str, str]
    first_passage: str | None
    samples_seen: int
    samples_accepted: int
    min: str | None
    max: str | None
    average: str | None
    coverage: str
    longest_gap_s: int

    def as_json(self) -> dict[str, Any]:
        """The answer as a JSON object."""
        return {**asdict(self), "payout": list(self.payout)}


def plain(value: Fraction) -> str:
    """A number as a decimal string without exponent or trailing zeros, rounded at `DISPLAY_DECIMALS`."""
    return _scaled(round(value * 10**DISPLAY_DECIMALS), DISPLAY_DECIMALS)


def _scaled(value: int, decimals: int) -> str:
    """`value` / 10^`decimals`, exactly."""
    sign, digits = ("-" if value < 0 else ""), str(abs(value)).rjust(decimals + 1, "0")
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :].rstrip("0")
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def iso_time(seconds: int) -> str:
    """Unix seconds as ISO 8601 UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def answer(term: Term, record: oracle.Record, decimals: int, samples_seen: int) -> Answer:
    """The answer of a decided record whose feed has the exponent -`decimals`."""
    some = record.accepted > 0
    tail_s = term.end - record.last_time if some else 0
    if tail_s > record.terms.max_gap_s:
        tail_s = 0
    covered_s = record.covered_s + tail_s
    weighted_sum = record.weighted_sum + record.last_value * tail_s
    average = Fraction(weighted_sum, covered_s * 10**decimals) if covered_s else None
    passed = record.passage_time != _NEVER
    yes = Decimal(record.yes_ticks) / TICKS_PER_UNIT
    is_void = record.status == oracle.RECORD_VOID
    return Answer(
        name=term.name,
        outcome=_outcome(term, record),
        value=None if is_void else _value(term, record, decimals, average),
        payout=("0.5", "0.5") if is_void else (plain(Fraction(yes)), plain(1 - Fraction(yes))),
        first_passage=iso_time(record.passage_time) if passed else None,
        samples_seen=samples_seen,
        samples_accepted=record.accepted,
        min=_scaled(record.min_value, decimals) if some else None,
        max=_scaled(record.max_value, decimals) if some else None,
        average=None if average is None else plain(average),
        coverage=plain(Fraction(covered_s, term.window_s)),
        longest_gap_s=record.longest_gap_s,
    )


def _outcome(term: Term, record: oracle.Record) -> str:
    if record.status == oracle.RECORD_VOID:
        return "void"
    if term.bounds is not None:
        return "value"
    return "yes" if record.yes_ticks == TICKS_PER_UNIT else "no"


def _value(term: Term, record: oracle.Record, decimals: int, average: Fraction | None) -> str | None:
    if term.is_touch:
        return None
    if term.statistic == "twap":
        return None if average is None else plain(average)
    if term.statistic == "variance":
        return _scaled(record.squares, 2 * decimals)
    exact = {
        "first": record.first_value,
        "last": record.last_value,
        "range": record.max_value - record.min_value,
        "change": record.last_value - record.first_value,
    }
    return _scaled(exact[term.statistic], decimals)
