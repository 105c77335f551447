"""Where decimal numbers meet ticks, lots and atoms: the only such place, and exact both ways.

| quantity   | people write | chain stores | one is          |
|------------|--------------|--------------|-----------------|
| collateral | ``12.5``     | atoms        | 1,000,000 atoms |
| shares     | ``10``       | lots         | 100 lots        |
| price      | ``0.37``     | ticks        | 10,000 ticks    |
| SOL        | ``1.5``      | lamports     | 10^9 lamports   |
| feed value | ``97.25``    | feed units   | 10^-exponent    |
| perpetual  | ``71.25``    | ticks, lots  | `PerpScale`     |

A number is a `Decimal`, an `int`, or text such as ``"12.5"``. Floats are refused: 0.1 is no tenth. So is text
with other digits than 0 to 9, or with marks between them. Nothing is rounded: a number with more decimals
than its unit has is refused too.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from fractions import Fraction
from typing import Final, TypeAlias

from .errors import UnitError

__all__ = [
    "ATOMS_PER_UNIT",
    "FEED_EXPONENT_MIN",
    "LAMPORTS_PER_SOL",
    "LOTS_PER_SHARE",
    "PERP_TICKS_MAX",
    "TICKS_PER_UNIT",
    "Number",
    "PerpScale",
    "ask_ticks_up",
    "atoms_of",
    "bid_ticks_down",
    "bps_of",
    "collateral_of",
    "feed_units_of",
    "feed_value_of",
    "lamports_of",
    "limit_down",
    "limit_up",
    "lots_down",
    "lots_of",
    "order_ticks_of",
    "ppm_of",
    "price_of",
    "shares_of",
    "slippage_of",
    "sol_of",
    "ticks_of",
]

Number: TypeAlias = Decimal | int | str

ATOMS_PER_UNIT: Final = 10**6
LOTS_PER_SHARE: Final = 10**2
TICKS_PER_UNIT: Final = 10**4
LAMPORTS_PER_SOL: Final = 10**9
FEED_EXPONENT_MIN: Final = -12
PERP_TICKS_MAX: Final = 2**24 - 1
"""The highest price of a perpetual, in ticks."""
_I64_MAX: Final = 2**63 - 1
_I64_MIN: Final = -(2**63)
_U64_MAX: Final = 2**64 - 1
_TEXT_LENGTH_MAX: Final = 100
# Wider than any quantity on the chain, so that no result depends on the caller's decimal context.
_WIDE: Final = Context(prec=200)


def atoms_of(collateral: Number, name: str = "amount") -> int:
    """Atoms of an amount of collateral, 0 to 2^63 - 1 atoms.

    Raises:
        UnitError: a float, no number, more than 6 decimals, or out of range.
    """
    return _integer_of(collateral, 6, 0, _I64_MAX, name)


def collateral_of(atoms: int) -> Decimal:
    """The amount of collateral that `atoms` are, with 6 decimals."""
    return _WIDE.scaleb(Decimal(atoms), -6)


def lots_of(shares: Number, name: str = "shares") -> int:
    """Lots of a number of shares, 0 to 2^63 - 1 lots.

    Raises:
        UnitError: a float, no number, more than 2 decimals, or out of range.
    """
    return _integer_of(shares, 2, 0, _I64_MAX, name)


def shares_of(lots: int) -> Decimal:
    """The number of shares that `lots` are, with 2 decimals; negative for a short position."""
    return _WIDE.scaleb(Decimal(lots), -2)


def ticks_of(price: Number, name: str = "price") -> int:
    """Ticks of a price or a payout of one share, 0 to 10,000.

    Raises:
        UnitError: a float, no number, more than 4 decimals, or not from 0 to 1.
    """
    return _integer_of(price, 4, 0, TICKS_PER_UNIT, name)


def order_ticks_of(price: Number, name: str = "price") -> int:
    """Ticks of a price at which an order can stand, 1 to 9,999.

    Raises:
        UnitError: a float, no number, more than 4 decimals, or not from 0.0001 to 0.9999.
    """
    return _integer_of(price, 4, 1, TICKS_PER_UNIT - 1, name)


def price_of(ticks: int) -> Decimal:
    """The price that `ticks` are, with 4 decimals."""
    return _WIDE.scaleb(Decimal(ticks), -4)


def bid_ticks_down(price: Number, name: str = "price") -> int:
    """Ticks of the highest price at which an order can bid that is no higher than `price`.

    Raises:
        UnitError: a float, no number, or not from 0.0001 up to less than 1: no bid can stand there.
    """
    allowed = "a number from 0.0001 to less than 1: bids are rounded down to 0.0001"
    ticks = _scaled_down(_decimal(price, name, allowed), 4)
    if not 0 < ticks < TICKS_PER_UNIT:
        raise UnitError(name, price, allowed)
    return ticks


def ask_ticks_up(price: Number, name: str = "price") -> int:
    """Ticks of the lowest price at which an order can ask that is no lower than `price`.

    Raises:
        UnitError: a float, no number, or not from more than 0 to 0.9999: no ask can stand there.
    """
    allowed = "a number from more than 0 to 0.9999: asks are rounded up to 0.0001"
    # Copied, because a minus sign would round to the 28 digits of the context.
    ticks = -_scaled_down(_decimal(price, name, allowed).copy_negate(), 4)
    if not 0 < ticks < TICKS_PER_UNIT:
        raise UnitError(name, price, allowed)
    return ticks


def lots_down(shares: Number, name: str = "shares") -> int:
    """Lots of the most shares that can be ordered and are no more than `shares`, 1 to 2^63 - 1 lots.

    Raises:
        UnitError: a float, no number, less than 0.01, or out of range.
    """
    allowed = f"a number from 0.01 to {_shown(_I64_MAX, 2)}: sizes are rounded down to 0.01"
    lots = _scaled_down(_decimal(shares, name, allowed), 2)
    if not 0 < lots <= _I64_MAX:
        raise UnitError(name, shares, allowed)
    return lots


def lamports_of(sol: Number, name: str = "sol") -> int:
    """Lamports of an amount of SOL, 0 to 2^64 - 1 lamports.

    Raises:
        UnitError: a float, no number, more than 9 decimals, or out of range.
    """
    return _integer_of(sol, 9, 0, _U64_MAX, name)


def sol_of(lamports: int) -> Decimal:
    """The amount of SOL that `lamports` are, with 9 decimals."""
    return _WIDE.scaleb(Decimal(lamports), -9)


def feed_units_of(value: Number, exponent: int, name: str = "value", *, least: int = _I64_MIN) -> int:
    """Feed units of a value: value / 10^exponent.

    Args:
        value: what the feed observes, of either sign.
        exponent: the feed's, -12 to 0.
        name: what to call the value in an error.
        least: the fewest feed units.

    Raises:
        UnitError: a float, no number, more decimals than the exponent allows, or out of the i64 range.
    """
    return _integer_of(value, -_exponent(exponent), least, _I64_MAX, name)


def feed_value_of(units: int, exponent: int) -> Decimal:
    """The value that feed units are: units · 10^exponent.

    Raises:
        UnitError: the exponent is not from -12 to 0.
    """
    return _WIDE.scaleb(Decimal(units), _exponent(exponent))


def slippage_of(slippage: Number) -> Decimal:
    """A tolerated worsening of a price, as a fraction from 0 to 1: 0.01 is one per cent.

    Raises:
        UnitError: a float, no number, or not from 0 to 1.
    """
    fraction = _decimal(slippage, "slippage", "a number from 0 to 1")
    if not 0 <= fraction <= 1:
        raise UnitError("slippage", slippage, "a number from 0 to 1")
    return fraction


def limit_up(atoms: int, slippage: Number) -> int:
    """The most to pay for what is quoted at `atoms`, rounded up to a whole atom, at most 2^64 - 1.

    Raises:
        UnitError: the slippage is not from 0 to 1.
    """
    numerator, denominator = slippage_of(slippage).as_integer_ratio()
    return min(atoms - (-atoms * numerator // denominator), _U64_MAX)


def limit_down(atoms: int, slippage: Number) -> int:
    """The least to receive for what is quoted at `atoms`, rounded down to a whole atom.

    Raises:
        UnitError: the slippage is not from 0 to 1.
    """
    numerator, denominator = slippage_of(slippage).as_integer_ratio()
    return int(atoms * (denominator - numerator) // denominator)


def bps_of(fraction: Number, name: str) -> int:
    """Hundredths of a per cent of a fraction from 0 to 1.

    Raises:
        UnitError: a float, no number, more than 4 decimals, or not from 0 to 1.
    """
    return _integer_of(fraction, 4, 0, 10_000, name)


def ppm_of(fraction: Number, name: str) -> int:
    """Millionths of a fraction from 0 to 1.

    Raises:
        UnitError: a float, no number, more than 6 decimals, or not from 0 to 1.
    """
    return _integer_of(fraction, 6, 0, 10**6, name)


@dataclass(frozen=True, slots=True)
class PerpScale:
    """What a tick and a lot of a perpetual are: one lot moves one atom a tick.

    Attributes:
        tick_size: Collateral per base unit that a tick is.
        lot_size: Base units that a lot is: a millionth of collateral by the tick.
    """

    tick_size: Decimal
    lot_size: Decimal

    @classmethod
    def of(cls, units_per_tick: int, exponent: int) -> PerpScale:
        """The scale of a market with so many feed units a tick, over a feed of this exponent.

        Raises:
            UnitError: the exponent is not from -12 to 0, or a tick is nothing.
        """
        if units_per_tick <= 0:
            raise UnitError("tick size", units_per_tick, "more than 0")
        tick_size = _WIDE.normalize(feed_value_of(units_per_tick, exponent))
        # Of a tick that is no product of twos and fives the lot has no last digit.
        lot_size = Context(prec=28).divide(Decimal(1).scaleb(-6), tick_size)
        return cls(tick_size, lot_size.normalize(Context(prec=28)))

    @property
    def is_exact(self) -> bool:
        """Tell whether a lot has a size that decimals can write."""
        return _WIDE.multiply(self.tick_size, self.lot_size) == Decimal(1).scaleb(-6)

    def price_of(self, ticks: int) -> Decimal:
        """The price that `ticks` are."""
        return _WIDE.multiply(Decimal(ticks), self.tick_size)

    def size_of(self, lots: int) -> Decimal:
        """The base units that `lots` are; negative for what is sold short."""
        return _WIDE.multiply(Decimal(lots), self.lot_size)

    def ticks_of(self, price: Number, name: str = "price") -> int:
        """Ticks of a price, 1 to 16,777,215.

        Raises:
            UnitError: a float, no number, off the tick, or out of range.
        """
        allowed = self._allowed(self.tick_size, PERP_TICKS_MAX)
        ticks = Fraction(_decimal(price, name, allowed)) / Fraction(self.tick_size)
        if ticks.denominator != 1 or not 1 <= ticks <= PERP_TICKS_MAX:
            raise UnitError(name, price, allowed)
        return int(ticks)

    def lots_of(self, size: Number, name: str = "size", *, most_lots: int = _I64_MAX) -> int:
        """Lots of a size in base units, 1 to 2^63 - 1 lots; an error says `most_lots`, if fewer are of use.

        Raises:
            UnitError: a float, no number, off the lot, or out of range.
        """
        allowed = self._allowed(self.lot_size, most_lots)
        lots = Fraction(_decimal(size, name, allowed)) * Fraction(self.tick_size) * ATOMS_PER_UNIT
        if lots.denominator != 1 or not 1 <= lots <= _I64_MAX:
            raise UnitError(name, size, allowed)
        return int(lots)

    def limit_ticks(self, ticks: int, slippage: Number, *, buys: bool) -> int:
        """The worst price that is accepted from `ticks` on, on the tick, towards them.

        Raises:
            UnitError: the slippage is not from 0 to 1.
        """
        share = Fraction(slippage_of(slippage))
        worst = ticks * (1 + share) if buys else ticks * (1 - share)
        rounded = int(worst) if buys else -int(-worst // 1)
        return max(1, min(rounded, PERP_TICKS_MAX))

    @staticmethod
    def _allowed(step: Decimal, most: int) -> str:
        least, greatest = (f"{_WIDE.multiply(Decimal(count), step):,f}" for count in (1, most))
        return f"a multiple of {step:f} from {least} to {greatest}"


def _exponent(exponent: int) -> int:
    if isinstance(exponent, bool) or not isinstance(exponent, int) or not FEED_EXPONENT_MIN <= exponent <= 0:
        raise UnitError("exponent", exponent, f"an integer from {FEED_EXPONENT_MIN} to 0")
    return exponent


def _integer_of(value: Number, places: int, low: int, high: int, name: str) -> int:
    allowed = (
        f"a number from {_shown(low, places)} to {_shown(high, places)} with at most {places} decimal"
        f"{'' if places == 1 else 's'}"
    )
    number = _decimal(value, name, allowed)
    # Compared before it is scaled: a number in range has few digits before its point.
    if not _WIDE.scaleb(Decimal(low), -places) <= number <= _WIDE.scaleb(Decimal(high), -places):
        raise UnitError(name, value, allowed)
    numerator, denominator = number.as_integer_ratio()
    scaled, rest = divmod(numerator * 10**places, denominator)
    if rest:
        raise UnitError(name, value, allowed)
    return int(scaled)


def _scaled_down(number: Decimal, places: int) -> int:
    numerator, denominator = number.as_integer_ratio()
    return int(numerator * 10**places // denominator)


def _shown(integer: int, places: int) -> str:
    scaled = _WIDE.scaleb(Decimal(integer), -places)
    return f"{scaled.normalize(_WIDE):,f}"


def _decimal(value: object, name: str, allowed: str) -> Decimal:
    if isinstance(value, float):
        raise UnitError(name, value, f"{allowed}; floats are not exact, pass a Decimal, an int or text")
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise UnitError(name, value, allowed)
    if isinstance(value, str) and len(value) > _TEXT_LENGTH_MAX:
        raise UnitError(name, value, allowed)
    # Decimal reads both, and either may be a slip of who meant another number.
    if isinstance(value, str) and (not value.isascii() or "_" in value):
        raise UnitError(name, value, f"{allowed}; write it in plain digits, such as 1000.5")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise UnitError(name, value, allowed) from None
    # The adjusted exponent bounds what as_integer_ratio may have to write out.
    if not number.is_finite() or (number and abs(number.adjusted()) > _TEXT_LENGTH_MAX):
        raise UnitError(name, value, allowed)
    return number
