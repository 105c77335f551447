"""Ticks, lots and atoms of a perpetual as the prices, sizes and collateral that people read."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from secant.units import ATOMS_PER_UNIT, PerpScale
from secant_keeper.evidence import plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from secant_keeper.history_rows import PerpLink

BEYOND: Final = "beyond 63 bits"
"""What is told of a number that no history holds."""
SIZE_DECIMALS_MAX: Final = 8

PRICE: Final = "price"
SIZE: Final = "size"
AMOUNT: Final = "amount"
TWINS: Final = {"ticks": PRICE, "lots": SIZE, "atoms": AMOUNT}
"""What a unit in a name is called where it is read: a price, base units, collateral."""
_RATIOS: Final = frozenset({"long_short_top_lots"})
"""Names with a unit in them that are shares of one such by another."""


def scale_of(perp: PerpLink) -> PerpScale | None:
    """What a tick and a lot of a perpetual are; None if the history does not know it."""
    if perp.units_per_tick is None or perp.feed_exponent is None:
        return None
    return PerpScale.of(perp.units_per_tick, perp.feed_exponent)


def price_of(scale: PerpScale, ticks: Fraction) -> Fraction:
    """The price that ticks are, exactly."""
    return ticks * Fraction(scale.tick_size)


def size_of(scale: PerpScale, lots: Fraction) -> Fraction:
    """The base units that lots are, exactly, of a tick too whose lot has no last digit."""
    return lots / (ATOMS_PER_UNIT * Fraction(scale.tick_size))


def amount_of(atoms: Fraction) -> Fraction:
    """The collateral that atoms are."""
    return atoms / ATOMS_PER_UNIT


class Texts:
    """Numbers of one perpetual as a table shows them: in prices, base units and collateral, or as stored.

    Args:
        scale: The perpetual's; None if it is not known.
    """

    def __init__(self, scale: PerpScale | None) -> None:
        self._scale = scale
        self._price_decimals = 0 if scale is None else max(-_exponent(scale.tick_size), 0)
        self._size_decimals = 0 if scale is None else max(-_exponent(scale.lot_size), 0)

    @property
    def legend(self) -> str:
        """What the numbers are."""
        if self._scale is None:
            return "prices in ticks, sizes in lots: no keeper that writes it now has said yet what these are"
        return f"a tick is {self._scale.tick_size:f}, a lot {self._scale.lot_size:f}"

    def price(self, ticks: Fraction | int, finer: int = 0) -> str:
        """A price, rounded half to even at the tick's decimals and so many more."""
        value = Fraction(ticks) if self._scale is None else price_of(self._scale, Fraction(ticks))
        return rounded(value, self._price_decimals + finer)

    def size(self, lots: Fraction | int | None) -> str:
        """A size, rounded half to even at the lot's decimals."""
        if lots is None:
            return BEYOND
        value = Fraction(lots) if self._scale is None else size_of(self._scale, Fraction(lots))
        return rounded(value, min(self._size_decimals, SIZE_DECIMALS_MAX))

    def amount(self, atoms: int | None) -> str:
        """Collateral, to the atom."""
        return BEYOND if atoms is None else rounded(amount_of(Fraction(atoms)), 6)


def rounded(value: Fraction, decimals: int) -> str:
    """A number rounded half to even at some decimals, all of which are written."""
    scaled = round(value * 10**decimals)
    whole, part = divmod(abs(scaled), 10**decimals)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{whole}.{part:0{decimals}}" if decimals else f"{sign}{whole}"


def _exponent(number: Decimal) -> int:
    return int(number.as_tuple().exponent)


def with_units(fields: dict[str, Any], scale: PerpScale | None) -> dict[str, Any]:
    """Fields, each that is in ticks, lots or atoms followed by its twin, a decimal string.

    So `mark_ticks` is followed by `mark_price`, `open_lots` by `open_size`, `pool_atoms` by `pool_amount`,
    and `funding_ticks_a_day` by `funding_price_a_day`. Lists of fields are taken likewise.

    Args:
        fields: Integers, decimal strings, None for what is not known, and what has no such unit.
        scale: The perpetual's; None if it is not known: twins of ticks and lots are None then.
    """
    found: dict[str, Any] = {}
    for name, value in fields.items():
        found[name] = [with_units(one, scale) for one in value] if isinstance(value, list) else value
        unit = next((unit for unit in TWINS if unit in name.split("_")), None)
        if unit is not None and name not in _RATIOS:
            told = None if value is None else _converter(unit, scale)(Fraction(value))
            found[name.replace(unit, TWINS[unit])] = None if told is None else plain(told)
    return found


def _converter(unit: str, scale: PerpScale | None) -> Callable[[Fraction], Fraction | None]:
    if unit == "atoms":
        return amount_of
    if scale is None:
        return lambda _: None
    convert = price_of if unit == "ticks" else size_of
    return lambda value: convert(scale, value)
