from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secant_keeper.venues.numbers import (
    decimal,
    payouts_ppm,
    price_cents_ppm,
    price_ppm,
    time_ms,
    time_seconds_ms,
    time_text_ms,
)
from secant_keeper.venues.observation import PPM, Reason, RefusalError


def refused(call: object, *arguments: object) -> Reason:
    with pytest.raises(RefusalError) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.reason


@pytest.mark.parametrize(
    ("text", "ppm"),
    [
        ("0.5600", 560_000),
        (".48", 480_000),
        ("1", 1_000_000),
        ("0", 0),
        ("5e-05", 50),
        ("0.1234560", 123_456),
        (0.7, 700_000),
    ],
)
def test_a_price_is_read_exactly(text: object, ppm: int) -> None:
    assert price_ppm(text, "price") == ppm


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", Reason.MISSING_FIELD),
        (None, Reason.MISSING_FIELD),
        ("abc", Reason.NOT_A_NUMBER),
        (".", Reason.NOT_A_NUMBER),
        ("1_0", Reason.NOT_A_NUMBER),
        (" 0.5", Reason.NOT_A_NUMBER),
        ("٣", Reason.NOT_A_NUMBER),
        (True, Reason.NOT_A_NUMBER),
        ([], Reason.NOT_A_NUMBER),
        ("NaN", Reason.NOT_FINITE),
        ("-Infinity", Reason.NOT_FINITE),
        (float("nan"), Reason.NOT_FINITE),
        (float("inf"), Reason.NOT_FINITE),
        ("1.000001", Reason.OUT_OF_RANGE),
        ("-0.01", Reason.OUT_OF_RANGE),
        (2, Reason.OUT_OF_RANGE),
        ("0" * 81, Reason.OUT_OF_RANGE),
        ("1e99", Reason.OUT_OF_RANGE),
        ("0.1234567", Reason.PRECISION),
    ],
)
def test_a_bad_price_is_refused_by_its_reason(value: object, reason: Reason) -> None:
    assert refused(price_ppm, value, "price") is reason


def test_cents_are_read_in_ppm() -> None:
    assert (
        price_cents_ppm("49", "bid")
        == price_cents_ppm(49, "bid")
        == price_cents_ppm("49.0", "bid")
        == 490_000
    )
    assert refused(price_cents_ppm, 101, "bid") is Reason.OUT_OF_RANGE


@given(st.decimals(-10_000, 10_000, places=6))
def test_any_decimal_of_six_places_is_read_exactly(value: Decimal) -> None:
    assert decimal(str(value), 6, "value") == int(value * 1_000_000)


@given(st.floats(0, 1))
def test_a_float_is_read_at_its_shortest_spelling_or_refused(value: float) -> None:
    exact = Decimal(repr(value)) * PPM
    if exact == int(exact):
        assert price_ppm(value, "price") == exact
    else:
        assert refused(price_ppm, value, "price") in {Reason.PRECISION, Reason.OUT_OF_RANGE}


@pytest.mark.parametrize("value", [0, -1, 4_102_444_800_000, "12a", "", None, 1.5, True, "9" * 30])
def test_a_bad_time_is_refused(value: object) -> None:
    assert refused(time_ms, value, "ts_ms") is Reason.BAD_TIME


def test_times_are_read_in_milliseconds() -> None:
    assert time_ms("1770921571394", "timestamp") == 1_770_921_571_394
    assert time_seconds_ms("1722740401", "ts") == 1_722_740_401_000
    assert time_text_ms("2024-10-04 13:00:00", "timestamp") == 1_728_046_800_000
    assert time_text_ms("2026-07-15T15:33:53Z", "ts_utc") == 1_784_129_633_000
    assert time_text_ms("1970-01-01T01:00:00.9999+00:00", "ts") == 3_600_999
    for text in ("yesterday", "1969-12-31", "0001-01-01T00:00:00+23:00"):
        assert refused(time_text_ms, text, "ts") is Reason.BAD_TIME


def test_payouts_sum_to_one_exactly() -> None:
    scalar = ["0.5843311669077693146635445446077281", "0.4156688330922306853364554553922719"]
    assert payouts_ppm(scalar, "payout") == (584_331, 415_669)
    assert payouts_ppm([1, 0], "payout") == (PPM, 0)
    for values in (["0", "0"], ["0.4", "0.4"], ["1.5", "-0.5"], []):
        assert refused(payouts_ppm, values, "payout") is Reason.OUT_OF_RANGE


@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=16))
def test_any_normalised_vector_becomes_a_payout_within_a_millionth(weights: list[int]) -> None:
    total = sum(weights)
    shares = [f"{Decimal(weight) / total:.28f}" for weight in weights]
    payouts = payouts_ppm(shares, "payout")
    assert sum(payouts) == PPM
    assert all(abs(paid - Decimal(share) * PPM) <= 1 for paid, share in zip(payouts, shares, strict=True))
