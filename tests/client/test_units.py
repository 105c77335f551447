from __future__ import annotations

import decimal
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secant import units
from secant.errors import UnitError

if TYPE_CHECKING:
    from collections.abc import Callable

PAIRS = [
    pytest.param(units.atoms_of, units.collateral_of, 2**63 - 1, 6, id="collateral"),
    pytest.param(units.lots_of, units.shares_of, 2**63 - 1, 2, id="shares"),
    pytest.param(units.ticks_of, units.price_of, 10_000, 4, id="price"),
    pytest.param(units.lamports_of, units.sol_of, 2**64 - 1, 9, id="sol"),
]


@pytest.mark.parametrize(("to_chain", "to_people", "most", "places"), PAIRS)
def test_bounds(
    to_chain: Callable[..., int], to_people: Callable[[int], Decimal], most: int, places: int
) -> None:
    assert to_chain(to_people(most)) == most
    assert to_chain(0) == 0
    for refused in (to_people(most + 1), to_people(-1), Decimal(1).scaleb(-places - 1)):
        with pytest.raises(UnitError, match=f"at most {places} decimals"):
            to_chain(refused)


@pytest.mark.parametrize(("to_chain", "to_people", "most", "places"), PAIRS)
@given(data=st.data())
def test_round_trip_whatever_the_context(
    to_chain: Callable[..., int],
    to_people: Callable[[int], Decimal],
    most: int,
    places: int,
    data: st.DataObject,
) -> None:
    integer = data.draw(st.integers(0, most))
    with decimal.localcontext(prec=3):
        number = to_people(integer)
        assert to_chain(number) == to_chain(f"{number:f}") == integer
    assert -number.as_tuple().exponent == places


@pytest.mark.parametrize(
    "refused",
    [
        *(0.1, 1.0, float("nan"), True, None, b"1", "", "x", "1,5", "NaN", "sNaN", "Infinity", "-1", -1, [1]),
        *("1e999999999", "1e-999999999", "9" * 101, "0.0000001"),
    ],
)
def test_refuses_what_is_no_amount(refused: object) -> None:
    with pytest.raises(UnitError) as caught:
        units.atoms_of(refused, "stake")  # type: ignore[arg-type]
    assert caught.value.name == "stake"
    assert caught.value.value is refused
    assert "from 0 to 9,223,372,036,854.775807" in caught.value.allowed


@pytest.mark.parametrize("marked", ["1_000", "\uff11\uff10", "\u0662", "\u22125", "1\u00a0000"])
def test_only_plain_digits(marked: str) -> None:
    with pytest.raises(
        UnitError, match=r"with at most 6 decimals; write it in plain digits, such as 1000\.5"
    ):
        units.atoms_of(marked)
    with pytest.raises(UnitError, match="plain digits"):
        units.slippage_of(marked)


def test_float_is_told_why() -> None:
    with pytest.raises(UnitError, match="floats are not exact"):
        units.atoms_of(0.5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "atoms"), [("12.5", 12_500_000), ("1e3", 10**9), ("0.000001", 1), ("-0", 0)]
)
def test_text(text: str, atoms: int) -> None:
    assert units.atoms_of(text) == atoms


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-12, 0))
def test_feed_round_trip(feed_units: int, exponent: int) -> None:
    assert units.feed_units_of(units.feed_value_of(feed_units, exponent), exponent) == feed_units


@pytest.mark.parametrize("exponent", [1, -13, True, 0.5])
def test_feed_exponent(exponent: int) -> None:
    with pytest.raises(UnitError, match="from -12 to 0"):
        units.feed_units_of(1, exponent)
    with pytest.raises(UnitError, match="from -12 to 0"):
        units.feed_value_of(1, exponent)


@given(st.integers(0, 2**63 - 1), st.decimals(0, 1, places=6))
def test_limits_round_in_favour_of_the_trade(atoms: int, slippage: Decimal) -> None:
    with decimal.localcontext(prec=60):
        over, under = units.limit_up(atoms, slippage), units.limit_down(atoms, slippage)
        assert 0 <= over - atoms * (1 + slippage) < 1
        assert 0 <= atoms * (1 - slippage) - under < 1


@pytest.mark.parametrize("slippage", ["-0.1", "1.1", "x", 0.5])
def test_slippage_refused(slippage: str) -> None:
    with pytest.raises(UnitError, match="from 0 to 1"):
        units.limit_up(1, slippage)


SCALES = [(100, -6), (1, -6), (10_000, -8), (25, -6), (5, 0), (10**14, -12), (1, -12)]


@pytest.mark.parametrize(("units_per_tick", "exponent"), SCALES)
@given(ticks=st.integers(1, units.PERP_TICKS_MAX), lots=st.integers(1, 2**34))
def test_a_lot_moves_an_atom_a_tick(units_per_tick: int, exponent: int, ticks: int, lots: int) -> None:
    with decimal.localcontext(prec=3):
        scale = units.PerpScale.of(units_per_tick, exponent)
        price, size = scale.price_of(ticks), scale.size_of(lots)
        assert scale.is_exact
        assert (scale.ticks_of(price), scale.lots_of(f"{size:f}")) == (ticks, lots)
    with decimal.localcontext(prec=100):
        assert price * size == units.collateral_of(lots * ticks)


def test_ticks_without_a_last_digit_have_lots_that_none_can_order() -> None:
    scale = units.PerpScale.of(3, -6)
    assert not scale.is_exact
    with pytest.raises(UnitError, match="size"):
        scale.lots_of(scale.size_of(1))
    assert scale.lots_of(1) == 3
    for wrong in (0, -1):
        with pytest.raises(UnitError, match="more than 0"):
            units.PerpScale.of(wrong, -6)


def test_prices_and_sizes_of_perpetuals_refused() -> None:
    scale = units.PerpScale.of(100, -6)
    for price in ("1.00005", 0, -1, "1677.7216", 0.5, "1_000", "nan"):
        with pytest.raises(UnitError, match=r"multiple of 0.0001"):
            scale.ticks_of(price)  # type: ignore[arg-type]
    for size in ("0.005", 0, "-0.01", True):
        with pytest.raises(UnitError, match=r"multiple of 0.01"):
            scale.lots_of(size)


@given(ticks=st.integers(1, units.PERP_TICKS_MAX), ppm=st.integers(0, 10**6))
def test_a_limit_is_never_worse_than_its_slippage(ticks: int, ppm: int) -> None:
    scale, share = units.PerpScale.of(100, -6), Decimal(ppm).scaleb(-6)
    worst_bought = scale.limit_ticks(ticks, share, buys=True)
    worst_sold = scale.limit_ticks(ticks, share, buys=False)
    assert ticks <= worst_bought <= max(ticks, min(ticks * (1 + share), units.PERP_TICKS_MAX))
    assert max(ticks * (1 - share), 1) <= worst_sold <= ticks


def test_shares_as_the_program_counts_them() -> None:
    assert (units.bps_of("0.05", "near"), units.ppm_of("0.00045", "fee")) == (500, 450)
    for wrong in ("0.00001", "1.1", 0.5):
        with pytest.raises(UnitError, match="near"):
            units.bps_of(wrong, "near")  # type: ignore[arg-type]
