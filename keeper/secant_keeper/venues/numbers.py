"""Exact reading of a venue's numbers: decimal text to scaled integers, times to milliseconds.

Everything here raises `RefusalError` for bad input and nothing else.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from secant_keeper.venues.observation import PPM, TIME_MS_MAX, Reason, RefusalError, shown

NUMBER_CHARACTERS_MAX = 80
EXPONENT_MAX = 40
DOLLARS_MAX = 9_000_000
"""Prices above it are refused: it is what a feed of the finest exponent, -12, can hold."""

_DECIMAL = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?", re.ASCII)
_NOT_FINITE = frozenset({"nan", "inf", "infinity"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=65_536)
def decimal_text(text: str, decimals: int) -> int:
    """Read decimal text as an integer scaled by 10^decimals, exactly.

    Raises:
        RefusalError: NOT_A_NUMBER, NOT_FINITE, OUT_OF_RANGE (too long), PRECISION (digits beyond `decimals`).
    """
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise RefusalError(Reason.OUT_OF_RANGE, f"a number of {len(text)} characters is too long")
    match = _DECIMAL.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        if text.strip().lstrip("+-").lower() in _NOT_FINITE:
            raise RefusalError(Reason.NOT_FINITE, f"{text!r} is not finite")
        raise RefusalError(Reason.NOT_A_NUMBER, f"{shown(text)!r} is not a decimal number")
    fraction = match[3] or ""
    exponent = int(match[4] or 0)
    if abs(exponent) > EXPONENT_MAX:
        raise RefusalError(Reason.OUT_OF_RANGE, f"the exponent of {text!r} is beyond {EXPONENT_MAX}")
    digits = int(match[2] + fraction)
    shift = decimals + exponent - len(fraction)
    scaled: int
    if shift >= 0:
        scaled = digits * 10**shift
    else:
        scaled, rest = divmod(digits, 10**-shift)
        if rest:
            raise RefusalError(Reason.PRECISION, f"{text!r} has more than {decimals} decimals")
    return -scaled if match[1] == "-" else scaled


def decimal(value: Any, decimals: int, name: str) -> int:
    """Read a JSON value (text, integer or float) as an integer scaled by 10^decimals.

    A float is taken at its shortest decimal spelling, which is what the venue printed.

    Raises:
        RefusalError: MISSING_FIELD for None or empty text, else as `decimal_text`.
    """
    if isinstance(value, str):
        if not value:
            raise RefusalError(Reason.MISSING_FIELD, f"{name} is empty")
        return decimal_text(value, decimals)
    if value is None:
        raise RefusalError(Reason.MISSING_FIELD, f"{name} is absent")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RefusalError(Reason.NOT_A_NUMBER, f"{name} is {shown(value)}, not a number")
    if isinstance(value, int):
        return value * int(10**decimals)
    if not math.isfinite(value):
        raise RefusalError(Reason.NOT_FINITE, f"{name} is {value}")
    return decimal_text(repr(value), decimals)


def price_ppm(value: Any, name: str) -> int:
    """Read a price of 0 to 1 dollar as ppm.

    Raises:
        RefusalError: OUT_OF_RANGE, else as `decimal`.
    """
    return _within_a_dollar(decimal(value, 6, name), value, name)


def price_cents_ppm(value: Any, name: str) -> int:
    """Read a price of 0 to 100 cents as ppm.

    Raises:
        RefusalError: OUT_OF_RANGE, else as `decimal`.
    """
    return _within_a_dollar(decimal(value, 4, name), value, name)


def _within_a_dollar(ppm: int, value: object, name: str) -> int:
    if not 0 <= ppm <= PPM:
        raise RefusalError(Reason.OUT_OF_RANGE, f"{name} {shown(value)} is outside 0 to 1 dollar")
    return ppm


def dollars_ppm(value: Any, name: str) -> tuple[int, int]:
    """Read a price above 0 as ppm, rounded down and up: venues of coins print more than six decimals.

    Raises:
        RefusalError: OUT_OF_RANGE for 0, less, or more than `DOLLARS_MAX`; PRECISION below a ppm; else as
            `decimal`.
    """
    return _dollars(scaled_ppm(decimal(value, EXPONENT_MAX, name), -EXPONENT_MAX, name), value, name)


def scaled_dollars_ppm(mantissa: int, exponent: int, name: str) -> tuple[int, int]:
    """The price mantissa x 10^exponent as ppm, rounded down and up.

    Raises:
        RefusalError: As `dollars_ppm`; OUT_OF_RANGE for an exponent beyond `EXPONENT_MAX`, too.
    """
    return _dollars(scaled_ppm(mantissa, exponent, name), f"{mantissa}e{exponent}", name)


def _dollars(ppm: tuple[int, int], value: object, name: str) -> tuple[int, int]:
    low, high = ppm
    if not 0 < high <= DOLLARS_MAX * PPM:
        raise RefusalError(
            Reason.OUT_OF_RANGE, f"{name} {shown(value)} is not above 0 and up to {DOLLARS_MAX} dollars"
        )
    if low == 0:
        raise RefusalError(Reason.PRECISION, f"{name} {shown(value)} is less than a ppm of a dollar")
    return ppm


def scaled_ppm(mantissa: int, exponent: int, name: str) -> tuple[int, int]:
    """The number mantissa x 10^exponent in ppm, rounded down and up.

    Raises:
        RefusalError: OUT_OF_RANGE for an exponent beyond `EXPONENT_MAX`.
    """
    if abs(exponent) > EXPONENT_MAX:
        raise RefusalError(Reason.OUT_OF_RANGE, f"the exponent {exponent} of {name} is beyond {EXPONENT_MAX}")
    if exponent >= -6:
        exact: int = mantissa * 10 ** (exponent + 6)
        return exact, exact
    divisor = 10 ** (-6 - exponent)
    return mantissa // divisor, -(-mantissa // divisor)


def time_ms(value: Any, name: str) -> int:
    """Read Unix milliseconds, an integer or its text.

    Raises:
        RefusalError: BAD_TIME.
    """
    return _plausible(_integer(value, name), value, name)


def time_seconds_ms(value: Any, name: str) -> int:
    """Read Unix seconds, an integer or its text, as milliseconds.

    Raises:
        RefusalError: BAD_TIME.
    """
    return _plausible(_integer(value, name) * 1000, value, name)


def time_text_ms(text: str, name: str) -> int:
    """Read ISO 8601 text as Unix milliseconds, rounded down; text without a zone is UTC.

    Raises:
        RefusalError: BAD_TIME.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise RefusalError(Reason.BAD_TIME, f"{name} {shown(text)!r} is not an ISO 8601 time") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    except OverflowError as error:
        raise RefusalError(Reason.BAD_TIME, f"{name} {shown(text)!r} is out of range") from error
    return _plausible(milliseconds, text, name)


def _integer(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise RefusalError(Reason.BAD_TIME, f"{name} is {shown(value)}, not a time")
    if isinstance(value, int):
        return value
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise RefusalError(Reason.BAD_TIME, f"{name} {shown(value)!r} is not a Unix time")
    return int(value)


def _plausible(milliseconds: int, value: object, name: str) -> int:
    if not 0 < milliseconds < TIME_MS_MAX:
        raise RefusalError(Reason.BAD_TIME, f"{name} {shown(value)} is no time between 1970 and 2100")
    return milliseconds


def field(message: dict[str, Any], name: str) -> Any:
    """The value of a field that must be there.

    Raises:
        RefusalError: MISSING_FIELD.
    """
    value = message.get(name)
    if value is None:
        raise RefusalError(Reason.MISSING_FIELD, f"{name} is absent")
    return value


def text_field(message: dict[str, Any], name: str) -> str:
    """The value of a field that must be non-empty text.

    Raises:
        RefusalError: MISSING_FIELD, MALFORMED.
    """
    value = field(message, name)
    if not isinstance(value, str):
        raise RefusalError(Reason.MALFORMED, f"{name} is {shown(value)}, not text")
    if not value:
        raise RefusalError(Reason.MISSING_FIELD, f"{name} is empty")
    return value


def object_of(value: Any, name: str) -> dict[str, Any]:
    """The value, which must be a JSON object.

    Raises:
        RefusalError: MALFORMED.
    """
    if not isinstance(value, dict):
        raise RefusalError(Reason.MALFORMED, f"{name} is {shown(value)}, not an object")
    return value


def list_of(value: Any, name: str) -> list[Any]:
    """The value, which must be a JSON array; None is an empty one.

    Raises:
        RefusalError: MALFORMED.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise RefusalError(Reason.MALFORMED, f"{name} is {shown(value)}, not an array")
    return value


def payouts_ppm(values: list[Any], name: str) -> tuple[int, ...]:
    """Read a payout vector as ppm that sum to 1,000,000 exactly, rounded by largest remainder.

    Raises:
        RefusalError: OUT_OF_RANGE when the values do not sum to 1 within a millionth each, else as `decimal`.
    """
    fine = 10**34
    exact = [decimal(value, 40, name) for value in values]
    down = [value // fine for value in exact]
    if any(value < 0 for value in exact) or abs(sum(exact) - PPM * fine) > len(exact) * fine:
        raise RefusalError(
            Reason.OUT_OF_RANGE, f"{name} {shown(values)} is no payout vector: it must sum to 1"
        )
    by_remainder = sorted(range(len(exact)), key=lambda i: exact[i] % fine, reverse=True)
    for i in by_remainder[: max(PPM - sum(down), 0)]:
        down[i] += 1
    if sum(down) != PPM:
        raise RefusalError(
            Reason.OUT_OF_RANGE, f"{name} {shown(values)} is no payout vector: it must sum to 1"
        )
    return tuple(down)
