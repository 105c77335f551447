"""Pyth prices, parsed purely: mantissas with an exponent, from Hermes' JSON."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from secant_keeper.venues.errors import SeriesNameError
from secant_keeper.venues.numbers import (
    DOLLARS_MAX,
    decimal,
    field,
    list_of,
    object_of,
    scaled_dollars_ppm,
    scaled_ppm,
    text_field,
    time_seconds_ms,
)
from secant_keeper.venues.observation import PPM, Price, Reason, RefusalError, shown

_FEED_ID = re.compile(r"(?:0x)?([0-9a-f]{64})", re.ASCII | re.IGNORECASE)


class PriceUpdate(NamedTuple):
    """One price of one feed.

    Attributes:
        feed_id: 64 hexadecimal digits.
        price: The price is this times 10^exponent.
        confidence: Half the width of its confidence interval, times 10^exponent.
        exponent: As above.
        publish_time_ms: Its source time.
    """

    feed_id: str
    price: int
    confidence: int
    exponent: int
    publish_time_ms: int

    def quote(self) -> Price:
        """The price rounded down to a ppm, with the least confidence that still spans all of its interval.

        Raises:
            RefusalError: OUT_OF_RANGE, PRECISION as `scaled_dollars_ppm`; OUT_OF_RANGE for a confidence below
                0 or an upper end beyond `DOLLARS_MAX`.
        """
        price_ppm, _ = scaled_dollars_ppm(self.price, self.exponent, "price")
        low, _ = scaled_ppm(self.price - self.confidence, self.exponent, "price")
        _, high = scaled_ppm(self.price + self.confidence, self.exponent, "price")
        if self.confidence < 0 or high > DOLLARS_MAX * PPM:
            raise RefusalError(
                Reason.OUT_OF_RANGE, f"the confidence {self.confidence} is negative or too large"
            )
        return Price(price_ppm, max(price_ppm - low, high - price_ppm))


def feed_id(name: str) -> str:
    """The id that a series' name means: lower case, without the 0x in front.

    Raises:
        SeriesNameError: The name is no id.
    """
    match = _FEED_ID.fullmatch(name)
    if match is None:
        raise SeriesNameError(
            f"{shown(name)!r} is no Pyth price feed id.",
            "Give its 64 hexadecimal digits, with or without 0x in front.",
        )
    return match[1].lower()


def entries(payload: Any) -> list[Any]:
    """The entries of a Hermes update, each of one feed.

    Raises:
        RefusalError: It is no update, or holds no parsed prices.
    """
    return list_of(field(object_of(payload, "an update"), "parsed"), "parsed")


def entry_id(entry: Any) -> str:
    """The feed id of an entry.

    Raises:
        RefusalError: MALFORMED, MISSING_FIELD.
    """
    name = text_field(object_of(entry, "a parsed price"), "id")
    match = _FEED_ID.fullmatch(name)
    if match is None:
        raise RefusalError(Reason.MALFORMED, f"{shown(name)!r} is no price feed id")
    return match[1].lower()


def entry_update(entry: Any) -> PriceUpdate:
    """The update an entry states; the moving average beside the price is not read.

    Raises:
        RefusalError: It is not of the documented shape.
    """
    price = object_of(field(entry, "price"), "price")
    exponent = price.get("expo")
    if type(exponent) is not int:
        raise RefusalError(Reason.MALFORMED, f"expo is {shown(exponent)}, not an integer")
    return PriceUpdate(
        entry_id(entry),
        decimal(price.get("price"), 0, "price"),
        decimal(price.get("conf"), 0, "conf"),
        exponent,
        time_seconds_ms(price.get("publish_time"), "publish_time"),
    )
