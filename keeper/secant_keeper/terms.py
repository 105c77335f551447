"""The terms a replay is asked about: a JSON list, checked to the last key.

Prices are decimals from 0 to 1, or to the venue's highest price, read exactly from numbers or strings; times
are ISO 8601 with an offset, in whole seconds. What may be left out:

- `sustain_s` is 0: the first accepted sample at the barrier is a touch;
- `max_gap_s` is the whole window: no interval inside it counts as unobserved;
- `min_coverage` is 0: any accepted sample is enough;
- `max_spread` is 1: any quote with both sides passes;
- `series` is the one the file holds, or the one named for the whole run;
- without `strike`, or `low` and `high`, the payout is in proportion from 0 to 1.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, Self, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from secant_keeper.errors import InputError, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DECIMALS_MAX = 12
"""Finest price: the smallest exponent a feed can have is -12."""

PRICE_MAX = "price_max"
"""Key of the highest price in the context of a validation."""

PROBABILITY_MAX = 1
"""The highest price of an event's outcome, in dollars."""

COVERAGE_DECIMALS_MAX = 6
WINDOW_S_MAX = 2 * 366 * 86_400
"""A record's window ends at most two years after the record is created."""

U32_MAX = 2**32 - 1
TOUCHES = frozenset({"touch_up", "touch_down"})

StatisticName: TypeAlias = Literal[
    "first", "last", "twap", "touch_up", "touch_down", "range", "change", "variance"
]


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (Decimal, int, str)):
        raise ValueError("must be a number, or a number as a string")  # noqa: TRY004  pydantic reads ValueError
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a decimal number") from None
    if not number.is_finite():
        raise ValueError(f"{value} is not finite")
    return number


def decimals(number: Decimal) -> int:
    """Digits after the point that a number needs."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -int(exponent))


def _price_max(info: ValidationInfo) -> int:
    """The highest price at the venue that is asked."""
    return PROBABILITY_MAX if info.context is None else info.context[PRICE_MAX]


def _price(value: object, info: ValidationInfo) -> Decimal:
    number, highest = _decimal(value), _price_max(info)
    if not 0 <= number <= highest:
        raise ValueError(f"{value} is outside 0 to {highest}")
    return _fine_enough(number, DECIMALS_MAX)


def _strike(value: object, info: ValidationInfo) -> Decimal:
    number, highest = _decimal(value), _price_max(info)
    if not -highest <= number <= highest:
        raise ValueError(f"{value} is outside 0 to {highest}")
    return _fine_enough(number, DECIMALS_MAX)


def _share(value: object) -> Decimal:
    number = _decimal(value)
    if not 0 <= number <= 1:
        raise ValueError(f"{value} is outside 0 to 1")
    return _fine_enough(number, COVERAGE_DECIMALS_MAX)


def _fine_enough(number: Decimal, decimals_max: int) -> Decimal:
    if decimals(number) > decimals_max:
        raise ValueError(f"{number} has more than {decimals_max} decimals")
    return number


def _unix_seconds(value: object) -> int:
    if not isinstance(value, str):
        raise ValueError('must be an ISO 8601 time such as "2024-11-05T00:00:00Z"')  # noqa: TRY004
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f'{value!r} is no ISO 8601 time such as "2024-11-05T00:00:00Z"') from None
    if moment.tzinfo is None:
        raise ValueError(f'{value!r} names no zone: end it with "Z" for UTC')
    if moment.microsecond:
        raise ValueError(f"{value!r} is finer than a second")
    try:
        seconds = int(moment.astimezone(UTC).timestamp())
    except OverflowError:
        raise ValueError(f"{value!r} is out of range") from None
    if seconds < 2:
        raise ValueError(f"{value!r} is before 1970")
    return seconds


Price: TypeAlias = Annotated[Decimal, BeforeValidator(_price)]
Strike: TypeAlias = Annotated[Decimal, BeforeValidator(_strike)]
Share: TypeAlias = Annotated[Decimal, BeforeValidator(_share)]
UnixSeconds: TypeAlias = Annotated[int, BeforeValidator(_unix_seconds)]
Seconds: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=U32_MAX)]
PositiveSeconds: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=U32_MAX)]


class Term(BaseModel):
    """One question to a series.

    Attributes:
        name: What the answer is called; unique in a file.
        series: The outcome, ticker or slug; None for the only one.
        statistic: What is asked; ARCHITECTURE.md's "Observation" section defines each.
        barrier: Level of a touch.
        strike: Level at or above which YES pays one; None pays the value itself, linearly from 0 to 1. May be
            negative for a change.
        low: Value at or below which YES pays nothing; given with `high`, in proportion between them.
        high: Value at or above which YES pays one.
        sustain_s: Seconds a touch must last.
        max_gap_s: Longest interval between samples that counts as observed; None is the whole window.
        grid_s: Cell of a variance.
        start: First second of the window, Unix seconds.
        end: Last second of the window, Unix seconds.
        min_coverage: Least covered share of the window; less voids.
        max_spread: Widest quote that passes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(strict=True, min_length=1)]
    series: Annotated[str, Field(strict=True, min_length=1)] | None = None
    statistic: StatisticName
    barrier: Price | None = None
    strike: Strike | None = None
    low: Strike | None = None
    high: Strike | None = None
    sustain_s: Seconds = 0
    max_gap_s: PositiveSeconds | None = None
    grid_s: PositiveSeconds | None = None
    start: UnixSeconds
    end: UnixSeconds
    min_coverage: Share = Decimal(0)
    max_spread: Price = Decimal(1)

    @property
    def is_touch(self) -> bool:
        """Whether the statistic is a touch."""
        return self.statistic in TOUCHES

    @property
    def bounds(self) -> tuple[Decimal, Decimal] | None:
        """The bounds between which the payout is in proportion; None if it is all or nothing."""
        if self.is_touch or self.strike is not None:
            return None
        return (Decimal(0) if self.low is None else self.low, Decimal(1) if self.high is None else self.high)

    @property
    def window_s(self) -> int:
        """Length of the window in seconds."""
        return self.end - self.start

    @property
    def gap_s_max(self) -> int:
        """The longest interval that is no gap."""
        return self.window_s if self.max_gap_s is None else self.max_gap_s

    @model_validator(mode="after")
    def _consistent(self, info: ValidationInfo) -> Self:
        if self.window_s <= 0:
            raise ValueError("end must be after start")
        if self.window_s >= WINDOW_S_MAX:
            raise ValueError(f"the window must be shorter than {WINDOW_S_MAX // 86_400} days")
        self._check_touch()
        if (self.statistic == "variance") != (self.grid_s is not None):
            wanted = "needs" if self.grid_s is None else "takes no"
            raise ValueError(f"{self.statistic} {wanted} grid_s")
        if self.statistic == "first" and self.min_coverage:
            raise ValueError("first is decided by one sample and takes no min_coverage")
        self._check_bounds()
        for name, level in (("strike", self.strike), ("low", self.low), ("high", self.high)):
            if level is not None and level < 0 and self.statistic != "change":
                raise ValueError(f"{name}: {level} is outside 0 to {_price_max(info)}")
        return self

    def _check_bounds(self) -> None:
        if self.low is None and self.high is None:
            return
        if self.low is None or self.high is None:
            raise ValueError("give both low and high, or neither")
        if self.is_touch:
            raise ValueError(f"{self.statistic} pays all or nothing and takes no low and high")
        if self.strike is not None:
            raise ValueError("a strike pays all or nothing: give it, or low and high")
        if self.low >= self.high:
            raise ValueError(f"low must be under high, not {self.low} and {self.high}")

    def _check_touch(self) -> None:
        if self.is_touch:
            if self.barrier is None:
                raise ValueError(f"{self.statistic} needs a barrier")
            if self.strike is not None:
                raise ValueError(f"{self.statistic} takes a barrier, not a strike")
        elif self.barrier is not None:
            raise ValueError(f"{self.statistic} takes a strike, not a barrier")
        elif self.sustain_s:
            raise ValueError(f"{self.statistic} takes no sustain_s")


_TERM: TypeAdapter[Term] = TypeAdapter(Term)


def read_terms(path: Path, price_max: int = PROBABILITY_MAX) -> list[Term]:
    """The terms of a file.

    Args:
        path: The file.
        price_max: The highest price at the venue, in dollars.

    Raises:
        InputError: The file cannot be read, is no JSON list of objects, or a term is not sound.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text") from error
    return parse_terms(text, str(path), price_max)


def parse_terms(text: str, source: str, price_max: int = PROBABILITY_MAX) -> list[Term]:
    """The terms of a JSON text; `source` is its name in errors.

    Raises:
        InputError: As `read_terms`.
    """
    try:
        value = json.loads(
            text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_object
        )
    except (ValueError, RecursionError) as error:
        raise InputError(f"{source} is not JSON: {one_line(error)}") from error
    if not isinstance(value, list):
        raise InputError(f"{source} must hold a JSON list of terms")
    if not value:
        raise InputError(f"{source} holds no terms: give at least one")
    terms = [_parse_term(entry, place, source, price_max) for place, entry in enumerate(value, start=1)]
    _check_names(terms, source)
    return terms


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} stands twice in one object")
        found[key] = value
    return found


def _parse_term(entry: object, place: int, source: str, price_max: int) -> Term:
    where = f"{source}: term {place}"
    if not isinstance(entry, dict):
        raise InputError(f"{where} must be an object")
    name = entry.get("name")
    if isinstance(name, str):
        where += f" ({name})"
    try:
        return _TERM.validate_python(entry, context={PRICE_MAX: price_max})
    except ValidationError as error:
        raise InputError(f"{where}: {first_problem(error, {(): ('at the top level', Term)})}") from error


def first_problem(
    error: ValidationError, sections: Mapping[tuple[str, ...], tuple[str, type[BaseModel]]]
) -> str:
    """The first fault of a validation, in one line: the key and what is wrong with it. Unknown keys go first.

    Args:
        error: What the validation raised.
        sections: Where the keys of each validated model stand, and the model, by the keys that lead to it.
    """
    # A misspelt key is missing under its right name too.
    detail = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    place, given = detail["loc"], detail["input"]
    key = ".".join(str(part) for part in place)
    message = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if detail["type"] == "extra_forbidden":
        _, model = sections[tuple(part for part in place[:-1] if isinstance(part, str))]
        message = unknown_key(str(place[-1]), list(model.model_fields))
        homes = [where for where, other in sections.values() if place[-1] in other.model_fields]
        if homes:
            message = f"stands in the wrong place: it belongs {homes[0]}"
    elif detail["type"] == "missing":
        message = "is missing"
    elif detail["type"].startswith(("greater_than", "less_than")):
        message += f", not {given}"
    return one_line(f"{key}: {message}" if key else message)


def unknown_key(key: str, known: Sequence[str]) -> str:
    """What to say of a key that is none of those known: which may be meant, or else which there are."""
    near = get_close_matches(key, known, n=1)
    return f"unknown key; did you mean {near[0]}?" if near else f"unknown key; there are {', '.join(known)}"


def _check_names(terms: Sequence[Term], source: str) -> None:
    seen: set[str] = set()
    for term in terms:
        if term.name in seen:
            raise InputError(f"{source}: two terms are named {term.name!r}")
        seen.add(term.name)
